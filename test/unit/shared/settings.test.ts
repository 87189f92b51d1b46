import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readEnvironment } from '../../../functions/shared/environment.ts';
import { InvalidConfiguration } from '../../../functions/shared/errors.ts';
import { endRulesOf, loadSettings, type Settings } from '../../../functions/shared/settings.ts';
import { edited } from '../../support/edited.ts';
import { freshFolder } from '../../support/folders.ts';

const SETTINGS = {
  collectionPrefix: '',
  failuresBeforeAlarm: 3,
  sources: {
    runs: {
      collection: 'teams/vision/runs',
      fields: {
        status: 'state.word',
        startedAt: { path: 'times.begin', type: 'iso' },
        endedAt: { path: 'times.end', type: 'millis' },
      },
      statuses: { live: 'running', ok: 'completed', done: 'completed', bad: 'failed', off: 'cancelled' },
    },
  },
};

const folder = freshFolder();
const FILE = join(folder, 'settings.json');

function load(content: object | string): Settings {
  writeFileSync(FILE, typeof content === 'string' ? content : JSON.stringify(content));
  return loadSettings(readEnvironment({ NIGHTSHIFT_SETTINGS: FILE }));
}

function refused(content: object | string, line: string): void {
  assert.throws(
    () => load(content),
    (error) => error instanceof InvalidConfiguration && error.message === `Cannot use ${FILE}:\n  ${line}`,
    line,
  );
}

describe('settings', () => {
  test('of the project are right', () => assert.ok(loadSettings(readEnvironment({})).sources.jobs));

  test('come from the file that NIGHTSHIFT_SETTINGS names, with the defaults of what it leaves out', () => {
    const { runs } = load(SETTINGS).sources;
    assert.deepEqual(runs, {
      ...SETTINGS.sources.runs,
      group: false,
      mode: 'observe',
      kind: 'training',
      write: {},
      addedField: 'nightshift',
      sweep: {
        staleAfterMinutes: 10,
        graceMinutes: 5,
        maxRuntimeHours: 24,
        types: {},
        // No alarm about it unless `jobs` says when.
        longRunning: { hours: 1 },
      },
    });
  });

  test('keep runs for as long as retention.runs says', () => {
    const kept = { days: 30, routineDays: 2, sampleHours: 4, slowFactor: 2 };
    assert.deepEqual(load(SETTINGS).retention.runs, kept);
    const retention = { runs: { days: 90 } };
    assert.deepEqual(endRulesOf(load({ ...SETTINGS, retention })), {
      failuresBeforeAlarm: 3,
      retention: { ...kept, days: 90 },
    });
    refused(
      { ...SETTINGS, retention: { runs: { days: 1 } } },
      'retention.runs.routineDays: Cannot use 2; expected at most days, which is 1',
    );
  });

  test('read no record in two sources', () => {
    const { runs } = SETTINGS.sources;
    const other = { ...runs, database: '(default)', googleProject: 'nightshift-local' };
    refused(
      { ...SETTINGS, sources: { runs, other } },
      `sources.other.collection: The records of collection ${runs.collection} are the records of collection ${runs.collection} of source runs, too (project nightshift-local, database (default)); expected each record in one source, else all of it counts twice: take one of them out, or narrow its collection`,
    );
  });

  test('are only sources at the least: no prefix, and an alarm at the third failure', () => {
    const { collectionPrefix, failuresBeforeAlarm } = load({ sources: SETTINGS.sources });
    assert.deepEqual([collectionPrefix, failuresBeforeAlarm], ['', 3]);
  });

  test('take a prefix for every collection of ours', () => {
    assert.equal(load({ ...SETTINGS, collectionPrefix: 'eu-west_2-' }).collectionPrefix, 'eu-west_2-');
    refused(
      { ...SETTINGS, collectionPrefix: 'eu/west' },
      'collectionPrefix: Cannot use "eu/west"; expected letters, digits, _ and - only',
    );
  });

  for (const [path, value, line] of [
    [
      'collectionPrefx',
      'x',
      'collectionPrefx: Unknown key "collectionPrefx", did you mean "collectionPrefix"?; expected one of collectionPrefix, failuresBeforeAlarm, metrics, artifacts, workloads, retention, baseUrls, sources',
    ],
    ['failuresBeforeAlarm', 0, 'failuresBeforeAlarm: Cannot use 0; expected at least 1'],
    ['sources', {}, 'sources: No source; expected at least one collection of jobs'],
    ['sources', [], 'sources: Cannot use []; expected an object'],
    [
      'sources.My_Runs',
      SETTINGS.sources.runs,
      'sources.My_Runs: Cannot use "My_Runs"; expected a kebab-case name',
    ],
  ] as const)
    test(`with ${path} ${JSON.stringify(value)?.slice(0, 40)} are refused`, () =>
      refused(edited(SETTINGS, path, value), line));

  for (const [path, value, line] of [
    [
      'collection',
      'teams/vision',
      'collection: Cannot use "teams/vision"; expected the path of a collection',
    ],
    ['collection', '', 'collection: Cannot use ""; expected the path of a collection'],
    ['mode', 'enforced', 'mode: Cannot use "enforced"; expected one of "observe", "enforce"'],
    ['fields.status', undefined, 'fields.status: Missing; expected a string'],
    [
      'fields.status',
      'a..b',
      'fields.status: Cannot use "a..b"; expected a field path such as status or times.started',
    ],
    [
      'fields.error',
      'a/b',
      'fields.error: Cannot use "a/b"; expected a field path such as status or times.started',
    ],
    [
      'fields.startedAt',
      'begin',
      'fields.startedAt: Cannot use "begin"; expected an object {path, type, zone?}',
    ],
    [
      'fields.endedAt.type',
      'date',
      'fields.endedAt.type: Cannot use "date"; expected one of "timestamp", "iso", "seconds", "millis", "micros"',
    ],
    [
      'statuses.odd',
      'finished',
      'statuses.odd: Cannot use "finished"; expected one of "queued", "running", "suspended", "completed", "failed", "cancelled"',
    ],
    [
      'write',
      { fail: 'bad' },
      'write.fail: Unknown key "fail", did you mean "failed"?; expected one of queued, running, suspended, completed, failed, cancelled',
    ],
    [
      'write',
      { failed: 'ok' },
      'write.failed: Cannot write "ok"; expected a word that statuses maps to failed',
    ],
    [
      'addedField',
      'a.',
      'addedField: Cannot use "a."; expected a field path such as status or times.started',
    ],
  ] as const)
    test(`with a source of ${path} ${JSON.stringify(value)} are refused`, () =>
      refused(edited(SETTINGS, `sources.runs.${path}`, value), `sources.runs.${line}`));

  for (const state of ['running', 'completed', 'failed', 'cancelled'])
    test(`without a word for ${state} are refused`, () => {
      const { statuses } = SETTINGS.sources.runs;
      const left = Object.entries(statuses).filter(([, meaning]) => meaning !== state);
      refused(
        edited(SETTINGS, 'sources.runs.statuses', Object.fromEntries(left)),
        `sources.runs.statuses: No word means "${state}"; expected at least one of their words mapped to ${state}`,
      );
    });

  test('say which of several words is written back', () =>
    assert.deepEqual(load(edited(SETTINGS, 'sources.runs.write', { completed: 'ok' })).sources.runs?.write, {
      completed: 'ok',
    }));

  for (const [what, text] of [
    ['cut short', '{"sources": '],
    ['empty', ''],
    ['no JSON', 'sources: 1'],
  ] as const)
    test(`in a file that is ${what} are refused by its name`, () =>
      assert.throws(() => load(text), {
        name: 'InvalidConfiguration',
        message: /^Cannot use .*settings\.json:\n {2}\(the whole file\): .+; expected a readable JSON file$/,
      }));

  test('in a file that is not there are refused by its name', () => {
    const nowhere = join(folder, 'nowhere.json');
    assert.throws(() => loadSettings(readEnvironment({ NIGHTSHIFT_SETTINGS: nowhere })), {
      name: 'InvalidConfiguration',
      message: new RegExp(`^Cannot use ${nowhere}:\n {2}\\(the whole file\\): ENOENT`),
    });
  });
});

describe('readEnvironment()', () => {
  test('takes an empty variable for an unset one', () => {
    const environment = readEnvironment({ GOOGLE_CLOUD_PROJECT: '', FIRESTORE_EMULATOR_HOST: '' });
    assert.equal(environment.GOOGLE_CLOUD_PROJECT, 'nightshift-local');
    assert.equal(environment.FIRESTORE_EMULATOR_HOST, undefined);
  });
});
