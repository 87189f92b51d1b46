import { addMs, HOUR_MS, MINUTE_MS } from '../../functions/shared/dates.ts';
import type { Truth } from '../../functions/shared/model/job/backend.ts';
import type { Job } from '../../functions/shared/model/job/job.ts';
import type { Sighting } from '../../functions/shared/model/job/sighting.ts';
import type { Suspect } from '../../functions/shared/model/job/sweep.ts';
import type { Channel } from '../../functions/shared/model/report/channel-reading.ts';
import { type StoredReport, storedReportSchema } from '../../functions/shared/model/report/stored.ts';
import { jobOf, NOTHING_ADDED, utc } from './jobs.ts';

/** When the tests of the verdicts take place. */
export const NOW = utc('2026-03-09T12:00');

/** So long before NOW. */
export function ago(minutes: number): Date {
  return addMs(NOW, -minutes * MINUTE_MS);
}

/** A job that runs since three hours, and beat a minute ago. */
export function runningJob(over: Partial<Job> = {}): Job {
  return jobOf({
    id: 'x',
    state: 'running',
    status: 'RUNNING',
    endedAt: null,
    createdAt: ago(190),
    startedAt: ago(180),
    heartbeatAt: ago(1),
    ...over,
  });
}

/** Another state of the job, in its source's words. */
export function inState(state: Job['state']): Pick<Job, 'state' | 'status'> {
  return { state, status: state.toUpperCase() };
}

/** A suspect with that job: stale after 10 min and a grace of 5, too long after 24 h, no backend, no executions. */
export function suspectOf(job: Partial<Job>, over: Partial<Suspect> = {}): Suspect {
  const read = runningJob(job);
  return {
    job: read,
    writtenAt: lastOf(read) ?? ago(190),
    rewrittenAt: over.writtenAt ?? lastOf(read),
    limits: {
      staleAfterMs: 10 * MINUTE_MS,
      graceMs: 5 * MINUTE_MS,
      maxRuntimeMs: 24 * HOUR_MS,
      maxQueuedMs: null,
      stalledAfterMs: null,
    },
    hasHeartbeat: true,
    timed: true,
    executions: null,
    parent: null,
    truth: null,
    jobTruth: null,
    vital: ['status', 'startedAt', 'endedAt', 'heartbeatAt', 'backendId'],
    backendKnown: false,
    channel: null,
    sighting: null,
    endedBefore: null,
    ...over,
  };
}

/** What a backend says: of one that runs or ran, from the start of `runningJob` to 40 min ago. */
export function truthOf(state: Truth['state'], over: Partial<Truth> = {}): Truth {
  const ran = !['queued', 'gone', 'unknown'].includes(state);
  return {
    state,
    startedAt: ran ? ago(181) : null,
    endedAt: ran && state !== 'running' ? ago(40) : null,
    unreadable: null,
    placed: 'named',
    error: null,
    askedAt: NOW,
    said: `Vertex AI says ${state}`,
    ...over,
  };
}

/** What sweeps saw of a suspect that stays as it is since so many minutes. */
export function sightedSince(minutes: number, over: Partial<Sighting> = {}): Sighting {
  return { path: 'jobs/x', stillSince: ago(minutes), ...over };
}

/** The last time that its record tells: it was written then. */
function lastOf({ createdAt, startedAt, heartbeatAt, updatedAt, added }: Job): Date | null {
  const times = [createdAt, startedAt, heartbeatAt, updatedAt, added.report?.receivedAt ?? null];
  const told = times.filter((at) => at !== null && at <= ago(-5));
  return told.reduce<Date | null>((a, b) => (a && b && a > b ? a : b), null);
}

/** What an execution on host gpu-7 told of itself last, a minute ago. */
export function reportOf(over: Partial<StoredReport> = {}): StoredReport {
  return storedReportSchema.parse({
    execution: 'one',
    host: 'gpu-7',
    receivedAt: ago(1),
    clock: 'boot',
    aliveAt: ago(1),
    startedAt: ago(180),
    state: 'running',
    ...over,
  });
}

/** A suspect whose execution has told that. */
export function reporting(
  report: Partial<StoredReport>,
  job: Partial<Job> = {},
  over: Partial<Suspect> = {},
): Suspect {
  return suspectOf({ ...job, added: { ...NOTHING_ADDED, report: reportOf(report) } }, over);
}

/** The channel of a source of which a report was accepted so many minutes ago. */
export function channelOf(minutes: number): Channel {
  const record = { source: 'jobs', lastAcceptedAt: ago(minutes), accepted: 9, falseLost: 0, created: {} };
  return { record, waiting: 1, unreadable: null };
}
