import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readEnvironment } from '../../../../functions/shared/environment.ts';
import { databases } from '../../../../functions/shared/store/firestore/firestore.ts';

describe('a database', () => {
  const environment = readEnvironment({ GOOGLE_CLOUD_PROJECT: 'ours', FIRESTORE_DATABASE: 'night' });

  it('is opened once, however often and in whatever words it is named', () => {
    const databaseOf = databases(environment);
    assert.equal(databaseOf({}), databaseOf());
    // Else a transaction of ours would read what stands in our own database as if it stood in another one.
    assert.equal(databaseOf({ googleProject: 'ours', database: 'night' }), databaseOf());
    assert.equal(
      databaseOf({ database: 'theirs' }),
      databaseOf({ googleProject: 'ours', database: 'theirs' }),
    );
  });

  it('is another one for another name or project', () => {
    const databaseOf = databases(environment);
    assert.notEqual(databaseOf({ database: 'theirs' }), databaseOf());
    assert.notEqual(databaseOf({ googleProject: 'other' }), databaseOf());
    assert.equal(databaseOf({ database: 'theirs' }).databaseId, 'theirs');
  });
});
