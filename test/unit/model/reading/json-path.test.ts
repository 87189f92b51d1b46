import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { jsonPath, parseJson, valueAt } from '../../../../functions/shared/model/reading/json-path.ts';

describe('parseJson()', () => {
  test('keeps every digit of an integer', () =>
    assert.deepEqual(parseJson('{"id": 1234567890123456789, "small": 7, "real": 1.5, "large": 1e400}'), {
      id: 1234567890123456789n,
      small: 7,
      real: 1.5,
      large: Number.POSITIVE_INFINITY,
    }));

  test('throws for what is no JSON', () => assert.throws(() => parseJson('{'), SyntaxError));
});

describe('valueAt()', () => {
  const body = {
    status: {
      conditions: [
        { type: 'Suspended', status: 'False' },
        { type: 'Complete', status: 'True' },
      ],
    },
    jobs: [{ id: 1234567890123456789n }],
    labels: { 'app.kubernetes.io/name': 'train' },
  };
  for (const [path, value] of [
    ['jobs[0].id', 1234567890123456789n],
    ["status.conditions[?status=='True'].type | [0]", 'Complete'],
    ['status.phase || labels."app.kubernetes.io/name"', 'train'],
    ['status.phase', null],
    ['constructor', null],
    ['labels.toString', null],
  ] as const)
    test(`finds ${value} at ${path}`, () => assert.equal(valueAt(body, path), value));
});

describe('jsonPath', () => {
  for (const path of ['status.phase', 'a || b', '"a.b".c', 'jobs[-1].state'])
    test(`takes ${path}`, () => assert.equal(jsonPath.safeParse(path).success, true));
  for (const path of ['', 'jobs.0.state', 'a..b', 'a[?'])
    test(`refuses ${path}`, () => assert.equal(jsonPath.safeParse(path).success, false));
});
