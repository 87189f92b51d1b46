import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { addMs } from '../../../functions/shared/dates.ts';
import type { Source } from '../../../functions/shared/model/job/source.ts';
import { plainOf } from '../../../functions/shared/store/firestore/firestore.ts';
import { collector } from '../../support/collector.ts';
import { writeDocuments } from '../../support/firestore.ts';
import { sourceOf, utc } from '../../support/jobs.ts';

const DATES = ['2026-03-08', '2026-03-09', '2026-03-10'];

interface Life {
  status: string;
  gpus: number;
  created: Date;
  started: Date | null;
  ended: Date | null;
}

/** Jobs on both sides of every boundary, to the second so that each type can hold them. */
const LIVES: Life[] = [
  ['completed', '2026-03-09T10:00:00', '2026-03-09T12:00:00'],
  ['completed', '2026-03-08T23:59:59', '2026-03-09T00:00:00'],
  ['failed', '2026-03-09T00:00:00', '2026-03-09T23:59:59'],
  ['failed', null, '2026-03-09T00:00:00'],
  ['completed', '2026-03-01T00:00:00', '2026-03-10T06:00:00'],
  ['cancelled', '2026-02-20T00:00:00', '2026-03-20T00:00:00'],
  ['completed', '2026-03-09T23:00:00', '2026-03-10T00:00:01'],
  ['running', '2026-03-08T12:00:00', null],
  ['failed', '2026-03-09T05:00:00', null],
  ['queued', null, null],
].map(([status, started, ended], index) => ({
  status: status as string,
  gpus: index % 4,
  created: utc(started ?? '2026-03-08T20:00'),
  started: started ? utc(started) : null,
  ended: ended ? utc(ended) : null,
}));

/** ISO text of an instant with an offset, as a clock there would have written it. */
function isoWithOffset(instant: Date, hours: number, separator: string): string {
  const local = addMs(instant, hours * 3_600_000)
    .toISOString()
    .slice(0, 19);
  return `${local.replace('T', separator)}${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}:00`;
}

/** A source with times of one type at nested paths, and with words of its own. */
function foreignSource(type: string): Source {
  const zone = type === 'iso' ? 'UTC' : undefined;
  return sourceOf({
    fields: {
      status: 'state.phase',
      gpus: 'spec.accelerators',
      createdAt: { path: 'times.submitted', type, zone },
      startedAt: { path: 'times.begin', type, zone },
      endedAt: { path: 'times.finish', type, zone },
    },
    statuses: {
      WAITING: 'queued',
      ACTIVE: 'running',
      DONE: 'completed',
      CRASHED: 'failed',
      STOPPED: 'cancelled',
    },
  });
}

/**
 * Of the offsets on Earth one for each record, with each mark another one. A space sorts before the T and a t behind it: at
 * midnight, the one needs the earliest offset, and the other the latest.
 */
function offsetOf(index: number, mark: string): number {
  const at = { ' ': index, t: 5 - (index % 6), T: index + 3 }[mark] ?? 0;
  return [-12, -5, 0, 2, 9, 14][at % 6] as number;
}

const WORDS: Record<string, string> = {
  queued: 'WAITING',
  running: 'ACTIVE',
  completed: 'DONE',
  failed: 'CRASHED',
  cancelled: 'STOPPED',
};

/** What each life is told as often as: once with each mark between date and time. */
const MARKS = ['T', ' ', 't'];

/** As the record number `index` tells an instant, with that mark where there is one. */
type Writer = (instant: Date, index: number, mark: string) => unknown;

function foreignRecords(write: Writer): [string, object][] {
  return recordsOf(({ status, gpus, created, started, ended }, index, mark) => ({
    state: { phase: WORDS[status] },
    spec: { accelerators: gpus },
    times: {
      submitted: write(created, index, mark),
      begin: started && write(started, index, mark),
      finish: ended && write(ended, index, mark),
    },
  }));
}

function recordsOf(record: (life: Life, index: number, mark: string) => object): [string, object][] {
  return MARKS.flatMap((mark, shift) =>
    LIVES.map((life, index): [string, object] => [`job-${index}-${shift}`, record(life, index, mark)]),
  );
}

/** The stored days, rows and faults of a source, without what the time of collection leaves in them. */
async function figures(
  t: TestContext,
  source: Source,
  records: [string, object][],
): Promise<Record<string, unknown>> {
  const { db, deliver, day, rows } = collector(t, { sources: { jobs: source } });
  await writeDocuments(db, 'jobs', records);
  const found: Record<string, unknown> = {};
  for (const date of DATES) {
    // One day at a time, so that every midnight is the edge of a query.
    const { outcome } = await deliver('2026-03-21T02:00', { date });
    assert.equal(outcome, 'succeeded');
    const { jobs, gpu, checks, members } = await day(date);
    found[date] = { jobs, gpu, checks, members, rows: plainOf(await rows(date)) };
  }
  return found;
}

const TYPES: { name: string; type: string; write: Writer }[] = [
  { name: 'iso text in UTC', type: 'iso', write: (instant) => instant.toISOString() },
  {
    name: 'iso text without a zone',
    type: 'iso',
    write: (instant) => instant.toISOString().slice(0, 19),
  },
  {
    name: 'iso text of every offset on Earth, with a T, with a space, as Python prints it, and with a small t',
    type: 'iso',
    write: (instant, index, mark) => isoWithOffset(instant, offsetOf(index, mark), mark),
  },
  { name: 'seconds', type: 'seconds', write: (instant) => instant.getTime() / 1_000 },
  { name: 'milliseconds', type: 'millis', write: (instant) => instant.getTime() },
];

describe('collect-metrics', () => {
  test('gives the same figures whatever type the times have, at nested paths and under other words', async (t) => {
    const expected = await figures(
      t,
      sourceOf(),
      recordsOf(({ status, gpus, created, started, ended }) => ({
        status,
        gpus,
        createdAt: created,
        startedAt: started,
        endedAt: ended,
      })),
    );
    const { jobs } = expected['2026-03-09'] as { jobs: unknown };
    assert.deepEqual(jobs, {
      started: 9,
      completed: 6,
      failed: 6,
      cancelled: 0,
      neverStarted: 3,
      inFlight: 12,
    });

    for (const { name, type, write } of [
      { name: 'timestamp', type: 'timestamp', write: (instant: Date) => instant },
      ...TYPES,
    ])
      assert.deepEqual(await figures(t, foreignSource(type), foreignRecords(write)), expected, name);
  });
});
