import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MINUTE_MS } from '../../../../../functions/shared/dates.ts';
import type { JobState } from '../../../../../functions/shared/model/job/states.ts';
import type { ParsedRow } from '../../../../../scripts/ops/import/rules/record.ts';
import { settle } from '../../../../../scripts/ops/import/rules/settle.ts';
import { sized } from '../../../../support/soak.ts';

/** The instant at that hour of a day. */
const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour));
type Row = Partial<Record<'start' | 'end' | 'beat' | 'updated' | 'created', number>> & {
  gpus?: number;
  uri?: string;
};

const row = (state: JobState, { start, end, beat, updated, created, gpus, uri }: Row = {}) => ({
  state,
  values: {
    id: 'a',
    status: state.toUpperCase(),
    startedAt: start === undefined ? null : at(start),
    endedAt: end === undefined ? null : at(end),
    heartbeatAt: beat === undefined ? null : at(beat),
    updatedAt: updated === undefined ? null : at(updated),
    createdAt: created === undefined ? null : at(created),
    gpus: gpus ?? null,
    artifactUri: uri ?? null,
  },
});

const numbered = (rows: readonly ReturnType<typeof row>[]): ParsedRow[] =>
  rows.map((it, index) => ({ id: 'a', line: index + 2, ...it }));
const settled = (...rows: ReturnType<typeof row>[]) => settle(numbered(rows), 5 * MINUTE_MS);
/** The state and the hours that the rows tell together, or why they do not. */
function told(...rows: ReturnType<typeof row>[]): string {
  const result = settled(...rows);
  if ('reason' in result) return result.reason;
  const { state, values } = result.row;
  const hour = (value: unknown) => (value instanceof Date ? value.getUTCHours() : '-');
  return `${state} ${hour(values.startedAt)}-${hour(values.endedAt)} gpus ${values.gpus ?? '-'} ${values.artifactUri ?? ''}`.trim();
}

describe('settle()', () => {
  for (const [name, rows, expected] of [
    ['one row is as it is', [row('queued')], 'queued --- gpus -'],
    [
      'what has ended goes before what runs',
      [row('running', { start: 1 }), row('completed', { start: 1, end: 2 })],
      'completed 1-2 gpus -',
    ],
    ['what runs goes before what waits', [row('running', { start: 1 }), row('queued')], 'running 1-- gpus -'],
    [
      'what was suspended goes before what waits',
      [row('suspended', { start: 1 }), row('queued')],
      'suspended 1-- gpus -',
    ],
    [
      'the latest row is filled from the others, the last end excepted',
      [row('queued', { gpus: 4 }), row('running', { start: 1, uri: 'gs://b/a' }), row('failed', { end: 3 })],
      'failed 1-3 gpus 4 gs://b/a',
    ],
    [
      'what runs has no end',
      [row('running', { start: 1, end: 9 }), row('completed', { start: 1 })],
      'completed 1-- gpus -',
    ],
    [
      'the same row twice is one',
      [row('completed', { start: 1, end: 2 }), row('completed', { start: 1, end: 2 })],
      'completed 1-2 gpus -',
    ],
    [
      'of two tries the later counts, though it runs',
      [row('failed', { start: 1, end: 2, uri: 'gs://b/1' }), row('running', { start: 3 })],
      'running 3-- gpus -',
    ],
    [
      'of two endings that are two tries, the later counts',
      [row('completed', { start: 5, end: 7 }), row('failed', { start: 1, end: 5 })],
      'completed 5-7 gpus -',
    ],
    [
      'what ran before an earlier try ended is of that try',
      [
        row('running', { start: 1, uri: 'gs://b/1' }),
        row('failed', { start: 1, end: 2 }),
        row('completed', { start: 3, end: 4 }),
      ],
      'completed 3-4 gpus -',
    ],
    [
      'a number that is used again is another try, though its start is unknown',
      [row('completed', { end: 1 }), row('running', { created: 3 })],
      'running --- gpus -',
    ],
    [
      'of two endings of one try, the one that was written later counts, and takes no end from the other',
      [row('failed', { start: 1, end: 3, updated: 4 }), row('completed', { start: 1, updated: 5 })],
      'completed 1-- gpus -',
    ],
    [
      'of two that run, the later sign of life counts',
      [row('running', { start: 1, beat: 5, gpus: 2 }), row('running', { start: 1, beat: 4, gpus: 1 })],
      'running 1-- gpus 2',
    ],
    [
      'what ended as it was made is no earlier try of itself',
      [row('cancelled', { created: 3, end: 3 }), row('cancelled', { created: 3, end: 3 })],
      'cancelled --3 gpus -',
    ],
    [
      'two ends contradict each other',
      [row('completed', { start: 1, end: 2 }), row('completed', { start: 1, end: 3 })],
      'id "a": lines 2 and 3 contradict each other: endedAt 2026-01-01T03:00:00.000Z and 2026-01-01T02:00:00.000Z',
    ],
    [
      'two states that ended contradict each other',
      [row('completed', { start: 1, end: 2 }), row('failed', { start: 1, end: 2 })],
      'id "a": lines 2 and 3 contradict each other: failed and completed',
    ],
    [
      'two ends contradict each other also where the latest row has none',
      [row('completed', { end: 2 }), row('completed', { end: 3 }), row('completed')],
      /lines 3 and 4|lines 2 and 4|contradict/,
    ],
    [
      'two starts of one ended try contradict each other',
      [row('completed', { start: 1, end: 3 }), row('completed', { start: 2, end: 3 })],
      /contradict each other: startedAt/,
    ],
    [
      'an end and life after it contradict each other',
      [row('running', { start: 1, beat: 9 }), row('completed', { start: 1, end: 3 })],
      /contradict each other: the end .*T03.* and the sign of life .*T09/,
    ],
  ] as const)
    test(name, () => {
      for (const order of [rows, [...rows].reverse()]) {
        const said = told(...order);
        if (expected instanceof RegExp) assert.match(said, expected);
        else if (expected.includes('contradict'))
          assert.ok(said.startsWith(expected.slice(0, expected.indexOf(': ', 10))), said);
        else assert.equal(said, expected);
      }
    });

  test('is the same in every order, where the rows say when', () => {
    const hour = fc.integer({ min: 0, max: 4 });
    const some = fc.record(
      {
        state: fc.constantFrom('queued', 'running', 'suspended', 'completed', 'failed'),
        start: hour,
        end: hour,
        created: hour,
      },
      { requiredKeys: ['state'] },
    );
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 5 }), fc.func(fc.integer()), (rows, order) => {
        const all = rows.map(({ state, ...times }) => row(state as JobState, times));
        const shuffled = all
          .map((it, index) => ({ it, key: order(index) }))
          .sort((a, b) => a.key - b.key)
          .map(({ it }) => it);
        const [one, other] = [settled(...all), settled(...shuffled)];
        // Which of two that run is believed may hang on their order; that a job ended, and when, may not.
        const ending = (result: typeof one) =>
          'reason' in result
            ? 'contradiction'
            : ['completed', 'failed'].includes(result.row.state)
              ? `${result.row.state} ${result.row.values.endedAt}`
              : 'active';
        assert.equal(ending(one), ending(other));
      }),
      { numRuns: sized(500, 20_000) },
    );
  });
});
