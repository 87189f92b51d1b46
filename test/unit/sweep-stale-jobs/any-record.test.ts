import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addMs, MINUTE_MS, SECOND_MS } from '../../../functions/shared/dates.ts';
import type { Truth } from '../../../functions/shared/model/job/backend.ts';
import { isTerminal, readJob } from '../../../functions/shared/model/job/job.ts';
import { type Sighting, sightingOf } from '../../../functions/shared/model/job/sighting.ts';
import type { Source } from '../../../functions/shared/model/job/source.ts';
import { isHeld } from '../../../functions/shared/model/job/verdict/guard.ts';
import { isSuspicious, suspectOf } from '../../../functions/shared/model/job/verdict/suspicion.ts';
import { unreadableOf } from '../../../functions/shared/model/job/verdict/unreadable.ts';
import { verdictOf } from '../../../functions/shared/model/job/verdict/verdict.ts';
import { TIME_TYPES, type TimeType, writeTime } from '../../../functions/shared/model/reading/reading.ts';
import { sightingAfter } from '../../../functions/sweep-stale-jobs/rules/remember.ts';
import { sourceOf } from '../../support/jobs.ts';
import { anyJson, oddTime } from '../../support/odd-records.ts';
import { seedOf, sized } from '../../support/soak.ts';
import { NOW, truthOf } from '../../support/suspects.ts';

/** A live job whose record holds any value whatever in some of its fields: nothing ends it, and it is named. */

const INTERVAL_MS = 10 * MINUTE_MS;
const SWEEPS = 5;
const TIMES = ['createdAt', 'startedAt', 'heartbeatAt', 'endedAt', 'updatedAt'] as const;
const HTTP = {
  kind: 'http',
  url: 'https://jobs.example/{id}',
  state: 'state',
  statuses: { busy: 'running' },
  startedAt: 'from',
  endedAt: 'to',
};

function sourceWith(type: TimeType, hasBackend: boolean): Source {
  const time = (path: string) => ({ path, type });
  return sourceOf({
    fields: {
      status: 'status',
      error: 'error',
      type: 'kind',
      project: 'project',
      backendId: 'backendId',
      ...Object.fromEntries(TIMES.map((field) => [field, time(field)])),
    },
    sweep: { types: { long: { maxRuntimeHours: 200 } } },
    ...(hasBackend && { backend: HTTP }),
  });
}

const long = new Date('2017-05-04T03:02:01Z');
/** What its backend may say of a job that runs, or of the one that had its number before. */
const TRUTHS: (Truth | null)[] = [
  null,
  truthOf('running'),
  truthOf('unknown'),
  truthOf('unknown', { unreadable: 'to: "soon" is not a time' }),
  truthOf('gone', { placed: 'guessed' }),
  truthOf('completed', { startedAt: long, endedAt: long }),
  truthOf('failed', { startedAt: null, endedAt: long }),
  truthOf('failed', { startedAt: null, endedAt: null }),
];

interface Case {
  type: TimeType;
  odd: Record<string, unknown>;
  truth: Truth | null;
}

const cases: fc.Arbitrary<Case> = fc.constantFrom(...TIME_TYPES).chain((type) => {
  const times = fc.tuple(fc.constantFrom<string>(...TIMES), oddTime(type));
  const others = fc.tuple(fc.constantFrom('status', 'backendId', 'kind', 'error', 'project'), anyJson);
  const odd = fc.array(fc.oneof({ weight: 3, arbitrary: times }, others), { minLength: 1, maxLength: 2 });
  return fc.record({
    type: fc.constant(type),
    odd: odd.map((fields) => Object.fromEntries(fields)),
    truth: fc.constantFrom(...TRUTHS),
  });
});

/** What one sweep after the other makes of a job that beats; every beat is written, and nothing else is. */
function sweeps({ type, odd, truth }: Case): { wrong: string | null; unread: boolean } {
  let isUnread = false;
  const source = sourceWith(type, truth !== null);
  let sighting: Sighting | null = null;
  let sweptAt: Date | null = null;
  for (let nth = 0; nth < SWEEPS; nth += 1) {
    const now = addMs(NOW, nth * INTERVAL_MS);
    const writtenAt = addMs(now, -20 * SECOND_MS);
    const stored = (at: Date) => writeTime(at, type);
    const record: Record<string, unknown> = {
      status: 'running',
      backendId: '7',
      kind: 'short',
      heartbeatAt: stored(writtenAt),
      startedAt: stored(addMs(NOW, -180 * MINUTE_MS)),
      createdAt: stored(addMs(NOW, -190 * MINUTE_MS)),
      ...odd,
    };
    const job = readJob(source, { id: 'x', source: 'jobs', path: 'jobs/x', get: (path) => record[path] });
    const reading = { job, writtenAt, rewrittenAt: writtenAt, isExecution: false };
    const seen: Sighting | null = sightingOf(sighting ?? undefined, job, writtenAt);
    const suspect = { ...suspectOf(reading, source, null), truth, sighting: seen };
    const verdict = verdictOf(suspect, now);
    const clock = { sweptAt, now, intervalMs: INTERVAL_MS };
    if ('state' in verdict && !isHeld(verdict, clock, null))
      return { wrong: `ended by ${verdict.rule}: ${verdict.because}`, unread: isUnread };
    const unread = isTerminal(job.state) ? null : unreadableOf(suspect);
    isUnread ||= unread !== null;
    const isNamed = unread === null || verdict.because.includes(unread);
    if (!isNamed || (unread !== null && !isSuspicious(reading, source, now)))
      return { wrong: `${unread} is not named: ${verdict.because}`, unread: isUnread };
    sighting = sightingAfter('x', { suspect, verdict }, now);
    sweptAt = now;
  }
  return { wrong: null, unread: isUnread };
}

test('a live job is not ended whatever its record holds, and what nobody can read is named', (t) => {
  const seed = seedOf((message) => t.diagnostic(message));
  let unreadable = 0;
  const numRuns = sized(500, 10_000);
  fc.assert(
    fc.property(cases, (one) => {
      const { wrong, unread } = sweeps(one);
      assert.equal(wrong, null);
      unreadable += unread ? 1 : 0;
    }),
    { numRuns, seed },
  );
  t.diagnostic(`${unreadable} of ${numRuns} had something that nobody can read`);
  assert.ok(unreadable > numRuns / 5);
});
