import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import catalog from '../../../../functions/catalog.json' with { type: 'json' };
import { parseCatalog } from '../../../../functions/shared/catalog.ts';
import { builtFrom, checkSweep } from '../../../../scripts/build/built-from.ts';

const SWEEP = 'sweep-stale-jobs';

describe('checkSweep()', () => {
  for (const [schedule, over, said] of [
    ['*/10 * * * *', {}, null],
    ['0 */12 * * *', {}, null],
    [
      '30 0 * * *',
      {},
      /Cannot use "30 0 \* \* \*", up to 86400 s from a slot to the next; expected 83520 s at most/,
    ],
    ['*/10 * * * 1-5', {}, /up to 173400 s/],
    ['0 8-18 * * *', {}, null],
    // Up to 23 hours and 12 minutes: the most that a sweep of such limits may rest, and a minute more.
    ['0,48 0 * * *', {}, null],
    ['0,47 0 * * *', {}, /up to 83580 s from a slot to the next; expected 83520 s at most/],
    ['30 0 * * *', { enabled: false }, null],
  ] as const)
    test(`${said ? 'refuses' : 'takes'} a sweep ${'enabled' in over ? 'that is disabled ' : ''}of "${schedule}"`, () => {
      const changed = { ...catalog, [SWEEP]: { ...catalog[SWEEP], schedule, ...over } };
      const from = builtFrom({ 'catalog.json': JSON.stringify(changed), 'settings.json': '{}' });
      const check = () => checkSweep(parseCatalog(changed, 'the-file.json'), from);
      if (said) assert.throws(check, said);
      else check();
    });
});
