import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  addDays,
  addMs,
  DAY_MS,
  type Day,
  dayOf,
  daysBetween,
  endOfDay,
  MINUTE_MS,
  startOfDay,
} from '../../../../functions/shared/dates.ts';
import type { Change, Span } from '../../../../scripts/stack/sample/changes.ts';
import { type Life, lifeWithin } from '../../../../scripts/stack/sample/life.ts';
import { addToPlatform } from '../../../../scripts/stack/sample/living.ts';
import { samplePlatform } from '../../../../scripts/stack/sample/platform.ts';
import { countsOf, sectionsOf } from '../../../support/sample-sections.ts';

const made = new Date('2026-03-10T14:20:00Z');
const NIGHTS = 3;
const after = (days: number) => addMs(made, days * DAY_MS);
const lived = (span: Span) => lifeWithin(span, { made, project: 'p' });
/** What there is at the end, in several steps or in one. */
function newest<Seen extends { id: string }>(lives: readonly Change<Seen>[][]): Map<string, Seen> {
  return new Map(lives.flat().map(({ after }) => [after.id, after]));
}

const steps = Array.from({ length: (NIGHTS * DAY_MS) / (10 * MINUTE_MS) }, (_, index): Life => {
  const from = addMs(made, index * 10 * MINUTE_MS);
  return lived({ from, to: addMs(from, 10 * MINUTE_MS) });
});
const whole = lived({ from: made, to: after(NIGHTS) });
/** The days that are over when the nights have passed, from that on at which the sample was made. */
const DAYS = daysBetween(dayOf(made), addDays(dayOf(made), NIGHTS - 1));

describe('the life of the sample', () => {
  const jobs = [...newest([whole.jobs]).values()];

  test('is the same for the same instants', () =>
    assert.deepEqual(lived({ from: made, to: after(NIGHTS) }), whole));

  test('is in many spans what it is in one', () => {
    for (const part of ['jobs', 'etlRuns', 'queries'] as const)
      assert.deepEqual(
        newest<{ id: string }>(steps.map((step) => step[part])),
        newest<{ id: string }>([whole[part]]),
        part,
      );
    assert.deepEqual(
      steps.flatMap(({ requests }) => requests).toSorted((a, b) => a.at.getTime() - b.at.getTime()),
      whole.requests.toSorted((a, b) => a.at.getTime() - b.at.getTime()),
    );
  });

  test('brings every day jobs that start and end, of which some fail', () => {
    const runs = [...newest([whole.etlRuns]).values()];
    for (const day of DAYS) {
      const trained = countsOf(jobs, day);
      assert.ok(trained.started >= 8 && trained.completed >= 5, `${day}: ${JSON.stringify(trained)}`);
      assert.ok(countsOf(runs, day).completed >= 3, day);
    }
    const failed = DAYS.map((day) => countsOf(jobs, day).failed);
    assert.ok(failed.filter((count) => count > 0).length >= 2, failed.join());
  });

  test('ends the jobs that ran and waited when the sample was made', () => {
    const then = jobs.filter(({ id }) => /-(now|queued)-\d$/.test(id));
    assert.deepEqual(
      then.map(({ status }) => status),
      Array(6).fill('completed'),
    );
  });

  test('has every night three jobs fall silent that ended behind their records', () => {
    for (const day of DAYS) {
      const silent = jobs.filter(({ id }) => id.includes(`-${day.replaceAll('-', '')}-night-`));
      assert.deepEqual(
        silent.map(({ status, fate }) => [status, typeof fate === 'object' ? fate.status : null]),
        [
          ['running', 'failed'],
          ['running', 'completed'],
          ['running', 'cancelled'],
        ],
      );
      for (const { heartbeatAt } of silent)
        assert.ok(
          heartbeatAt &&
            heartbeatAt > startOfDay(day) &&
            heartbeatAt < addMs(endOfDay(day), 6 * 60 * MINUTE_MS),
        );
    }
  });

  test('changes no job that had ended when the sample was made', () =>
    assert.deepEqual(
      whole.jobs.filter(({ before }) => before?.endedAt),
      [],
    ));

  test('tells a heartbeat of what runs on, of nothing that is over, and nothing of the future', () => {
    const to = addMs(made, 10 * MINUTE_MS);
    for (const { after } of steps[0]?.jobs ?? []) {
      if (after.status === 'running' && !after.fate)
        assert.ok(Number(to) - Number(after.heartbeatAt) < 2 * MINUTE_MS);
      assert.ok(Number(after.updatedAt) <= Number(to));
    }
  });
});

describe('the sample platform, when nights have passed', () => {
  const platform = samplePlatform({ project: 'p', database: '(default)' }, made);
  for (const step of steps) addToPlatform(platform, step);
  const sections = (day: Day) => sectionsOf(platform, day);

  test('has requests and queries on each of the days, and more bytes than on the day before', () => {
    for (const day of DAYS) {
      const [now, before] = [sections(day), sections(addDays(day, -1))];
      assert.ok(Number(now.cloudRun?.requests) > 50_000, day);
      assert.ok(Number(now.bigquery?.jobsCompleted) >= 15, day);
      assert.ok(Number(now.bigquery?.bytes) > Number(before.bigquery?.bytes), day);
      assert.ok(Number(now.storage?.bytes) > Number(before.storage?.bytes), day);
      assert.ok(Number(now.database?.firestore?.bytes) > Number(before.database?.firestore?.bytes), day);
    }
  });

  test('is what one that was made later is, where nothing hangs on the moment', () => {
    const later = samplePlatform({ project: 'p', database: '(default)' }, after(NIGHTS));
    const byId = (items: readonly { id: string }[]) => new Map(items.map((item) => [item.id, item]));
    const queries = byId(platform.world.bigquery.jobs);
    for (const [id, query] of byId(later.world.bigquery.jobs)) assert.deepEqual(queries.get(id), query);
  });

  test('knows of every job what became of it, and every ETL run', () => {
    const states = new Map(platform.world.customJobs.map(({ id, state }) => [id, state]));
    for (const { after } of whole.jobs.filter(({ after }) => after.backendId && after.endedAt)) {
      const told = { completed: 'SUCCEEDED', failed: 'FAILED', cancelled: 'CANCELLED' }[
        after.status as 'failed'
      ];
      assert.equal(states.get(after.backendId ?? ''), `JOB_STATE_${told}`, after.id);
    }
    for (const { after } of whole.etlRuns)
      assert.partialDeepStrictEqual(platform.orchestrator.runs.get(after.id), { ended: after.endedAt });
  });
});
