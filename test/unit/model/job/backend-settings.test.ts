import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { backendSchema } from '../../../../functions/shared/model/job/backend.ts';
import { sourceSchema } from '../../../../functions/shared/model/job/source.ts';
import { parseWithProblems } from '../../../../functions/shared/problems.ts';
import { edited } from '../../../support/edited.ts';
import { MAPPING } from '../../../support/sweeper.ts';

const HTTP = {
  kind: 'http',
  url: 'https://runs.example/api/{id}',
  state: 'status.phase',
  statuses: { Running: 'running', Succeeded: 'completed' },
};

/** The problems of settings, a line each. */
function problemsOf(settings: object): string[] {
  const parsed = parseWithProblems(backendSchema, settings);
  return parsed.ok ? [] : parsed.problems.map((it) => `${it.path}: ${it.message}; expected ${it.expected}`);
}

describe('the settings of an HTTP backend', () => {
  const TIMES: [given: unknown, read: object][] = [
    ['times.end', { path: 'times.end', type: 'iso' }],
    [{ path: 'times.end' }, { path: 'times.end', type: 'iso' }],
    [
      { path: 'end_time', type: 'millis' },
      { path: 'end_time', type: 'millis' },
    ],
    [
      { path: 'end', type: 'iso', zone: 'Europe/Berlin' },
      { path: 'end', type: 'iso', zone: 'Europe/Berlin' },
    ],
    [
      { path: 'headers.date', type: 'http' },
      { path: 'headers.date', type: 'http' },
    ],
  ];
  for (const [given, expected] of TIMES)
    test(`take ${JSON.stringify(given)} for a time`, () => {
      const parsed = backendSchema.parse({ ...HTTP, endedAt: given });
      assert.deepEqual(parsed.kind === 'http' && parsed.endedAt, expected);
      // The local stack writes settings that were read for its functions to read.
      assert.deepEqual(backendSchema.parse(parsed), parsed);
    });

  const WORDS: [given: unknown, read: string[]][] = [
    ['NotFound', ['NotFound']],
    [2017, ['2017']],
    [true, ['true']],
    [
      ['RESOURCE_DOES_NOT_EXIST', 404],
      ['RESOURCE_DOES_NOT_EXIST', '404'],
    ],
  ];
  for (const [given, expected] of WORDS)
    test(`take ${JSON.stringify(given)} for what says that a job is gone`, () => {
      const parsed = backendSchema.parse({ ...HTTP, gone: { path: 'reason', is: given } });
      assert.deepEqual(parsed.kind === 'http' && parsed.gone, { path: 'reason', is: expected });
    });

  const REFUSED: [path: string, value: unknown, problem: string][] = [
    [
      'state',
      'jobs.0.state',
      'state: No JMESPath: "jobs.0.state"; expected such as status.phase or jobs[0].state (https://jmespath.org)',
    ],
    [
      'state',
      '',
      'state: No JMESPath: ""; expected such as status.phase or jobs[0].state (https://jmespath.org)',
    ],
    [
      'endedAt',
      { path: 'a b', type: 'iso' },
      'endedAt.path: No JMESPath: "a b"; expected such as status.phase or jobs[0].state (https://jmespath.org)',
    ],
    [
      'endedAt',
      { path: 'end', type: 'epoch' },
      'endedAt.type: Cannot use "epoch"; expected one of "iso", "http", "seconds", "millis", "micros"',
    ],
    [
      'endedAt',
      { path: 'end', type: 'millis', zone: 'UTC' },
      'endedAt.zone: Only ISO text can lack its zone; expected no zone, or type iso',
    ],
    [
      'endedAt',
      { path: 'end', zone: 'Mars' },
      'endedAt.zone: No zone: "Mars"; expected UTC, an offset such as +02:00, or a name such as Europe/Berlin',
    ],
    ['endedAt', 7, 'endedAt: Cannot use 7; expected an object {path, type, zone?}'],
    [
      'absent',
      'completed',
      'absent: Cannot use "completed"; expected one of "queued", "running", "suspended"',
    ],
    ['absent', 'gone', 'absent: Cannot use "gone"; expected one of "queued", "running", "suspended"'],
    ['gone', { path: 'reason' }, 'gone.is.0: Missing; expected a string'],
    ['gone', { path: 'reason', is: [] }, 'gone.is: Cannot use []; expected at least 1'],
    ['gone', { path: 'reason', is: [{}] }, 'gone.is.0: Cannot use {}; expected a string'],
    ['gone', 'NotFound', 'gone: Cannot use "NotFound"; expected an object {path, is?}'],
    [
      'statuses.Odd',
      'gone',
      'statuses.Odd: Cannot use "gone"; expected one of "queued", "running", "suspended", "completed", "failed", "cancelled"',
    ],
  ];
  for (const [path, value, problem] of REFUSED)
    test(`with ${path} ${JSON.stringify(value)} are refused`, () =>
      assert.deepEqual(problemsOf(edited(HTTP, path, value)), [problem]));
});

describe('a source with a backend', () => {
  const { backendId: _, ...nameless } = MAPPING.fields;
  const executions = {
    collection: 'executions',
    fields: { status: 'status', startedAt: nameless.startedAt, endedAt: nameless.endedAt },
  };
  const KINDS = [{ kind: 'vertex-ai' }, { kind: 'cloud-run' }, { kind: 'cloud-build' }, HTTP];
  const problems = (source: object) => {
    const parsed = parseWithProblems(sourceSchema, { ...MAPPING, ...source });
    return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
  };
  const MISSING = ['fields.backendId: Missing: the backend could be asked about no job'];

  for (const backend of KINDS)
    test(`of kind ${backend.kind} is refused where nothing names its jobs there`, () => {
      assert.deepEqual(problems({ backend, fields: nameless }), MISSING);
      assert.deepEqual(problems({ backend, fields: nameless, executions }), MISSING);
    });

  test('is taken where the jobs, or their executions, are named there', () => {
    const named = { ...executions, fields: { ...executions.fields, backendId: 'run' } };
    for (const backend of KINDS) {
      assert.deepEqual(problems({ backend }), []);
      assert.deepEqual(problems({ backend, fields: nameless, executions: named }), []);
      // A job may have the same name there as here.
      assert.deepEqual(problems({ backend, fields: { ...nameless, id: 'number', backendId: 'number' } }), []);
    }
  });

  test('that is none needs no name', () => assert.deepEqual(problems({ fields: nameless, executions }), []));
});
