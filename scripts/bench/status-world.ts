import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Firestore } from '@google-cloud/firestore';
import catalogJson from '../../functions/catalog.json' with { type: 'json' };
import type { Clock } from '../../functions/shared/clock.ts';
import {
  addDays,
  addMs,
  DAY_MS,
  type Day,
  dayOf,
  HOUR_MS,
  MINUTE_MS,
  SECOND_MS,
} from '../../functions/shared/dates.ts';
import { readEnvironment } from '../../functions/shared/environment.ts';
import type { ServiceHandler } from '../../functions/shared/http/service.ts';
import { createLog } from '../../functions/shared/log.ts';
import { type DailyMetrics, daySchema } from '../../functions/shared/model/day/day.ts';
import { sourceSchema } from '../../functions/shared/model/job/source.ts';
import { type Health, healthSchema } from '../../functions/shared/model/run/health.ts';
import { newRun, scheduledRunId } from '../../functions/shared/model/run/run.ts';
import { loadSettings } from '../../functions/shared/settings.ts';
import type { Tally } from '../../functions/shared/store/firestore/read-options.ts';
import { collections as collectionsOf } from '../../functions/shared/store/own/collections.ts';
import { openStatus } from '../../functions/status/clients.ts';
import { pageAssets } from '../../functions/status/page/assets.ts';
import { statusAnswers } from '../../functions/status/read/answers.ts';
import { status } from '../../functions/status/service.ts';

const TASKS = 40;
const RUNS_EACH = 20;
const JOBS = 50;
const ALARMS = 3;
const EVERY_MS = 15 * MINUTE_MS;

/** A clock that is moved on by hand. */
export interface SimulatedClock extends Clock {
  pass(ms: number): void;
}

export function simulatedClock(begin: Date): SimulatedClock {
  let passed = 0;
  return {
    now: () => addMs(begin, passed),
    monotonicMs: () => passed,
    pass(ms) {
      passed += ms;
    },
  };
}

/** A project with 40 tasks, 50 active jobs, some open alarms and 30 days, in the emulator. */
export interface StatusWorld {
  db: Firestore;
  now: Date;
  /** How the page asks for its days. */
  daysPath: string;
  fill(): Promise<void>;
  /** A new instance of the service, and what it has read. */
  open(clock: Clock): { handler: ServiceHandler; tally: Tally };
  /** The heartbeat of a run. */
  beat(at: Date): Promise<void>;
}

export function statusWorld(host: string, folder: string): StatusWorld {
  const project = `bench-${process.pid}-status`;
  const [address, port] = host.split(':');
  const db = new Firestore({
    projectId: project,
    host: address as string,
    port: Number(port),
    ssl: false,
    useBigInt: true,
    ignoreUndefinedProperties: true,
  });
  const catalog = join(folder, 'catalog.json');
  writeFileSync(catalog, JSON.stringify(manyTasks()));
  const environment = readEnvironment({ GOOGLE_CLOUD_PROJECT: project, NIGHTSHIFT_CATALOG: catalog });
  const settings = { ...loadSettings(environment), sources: { jobs: jobsSource() } };
  const collections = collectionsOf(db, '');
  const log = createLog({}, () => undefined);
  const now = new Date('2026-03-10T12:00:00.000Z');
  const yesterday = addDays(dayOf(now), -1);
  const apiOf = () => {
    throw new Error('No API is asked here');
  };
  const names = Array.from({ length: TASKS }, (_, index) => nameOf(index));

  return {
    db,
    now,
    daysPath: `/api/days?from=${addDays(yesterday, -29)}&to=${yesterday}`,
    async fill() {
      const writer = db.bulkWriter({ throttling: false });
      for (const task of names) {
        const health = healthOf(task, now);
        writer.set(collections.tasks.doc(task), health);
        for (const { runId, startedAt } of health.strip) {
          const named = {
            runId,
            task,
            trigger: 'scheduled',
            slot: startedAt,
            whole: true,
            dryRun: false,
            body: {},
          } as const;
          const attempt = {
            attempt: 1,
            token: '',
            startedAt,
            endedAt: startedAt,
            outcome: 'succeeded',
            error: null,
          } as const;
          writer.set(collections.taskRuns.doc(runId), newRun(named, attempt));
        }
      }
      for (let index = 0; index < JOBS; index += 1)
        writer.set(db.collection('jobs').doc(`job-${index}`), {
          status: 'running',
          startedAt: addMs(now, -HOUR_MS),
          heartbeatAt: now,
        });
      for (let before = 1; before <= 30; before += 1) {
        const day = dayAt(addDays(dayOf(now), -before), now);
        writer.set(collections.dailyMetrics.doc(day.date), day);
      }
      for (let index = 0; index < ALARMS; index += 1) {
        const at = addMs(now, -index * HOUR_MS);
        const id = `jobs:overdue:${at.toISOString()}`;
        const alarm = { id, subject: 'jobs', kind: 'overdue', message: 'long', brokenAt: at, openedAt: at };
        writer.set(collections.alarms.doc(id), {
          ...alarm,
          closedAt: null,
          closedBecause: null,
          runId: null,
        });
      }
      await writer.close();
    },
    open(clock) {
      const tally: Tally = { documents: 0 };
      const opened = { environment, settings, db, databaseOf: () => db, apiOf, collections, log, clock };
      const answers = statusAnswers(openStatus(opened, tally));
      return { handler: status(answers, { assets: pageAssets, clock }), tally };
    },
    async beat(at) {
      await collections.tasks.doc(nameOf(0)).update({ updatedAt: at });
    },
  };
}

function nameOf(index: number): string {
  return `duty-${index}`;
}

function manyTasks(): Record<string, object> {
  const { 'sweep-stale-jobs': sweep } = catalogJson;
  return Object.fromEntries(
    Array.from({ length: TASKS }, (_, index) => [nameOf(index), { ...sweep, entryPoint: `duty${index}` }]),
  );
}

function healthOf(task: string, now: Date): Health {
  const strip = Array.from({ length: RUNS_EACH }, (_, index) => {
    const startedAt = addMs(now, -(RUNS_EACH - index) * EVERY_MS);
    return {
      runId: scheduledRunId(task, startedAt),
      outcome: 'succeeded',
      startedAt,
      durationMs: 40 * SECOND_MS,
    };
  });
  return healthSchema.parse({
    task,
    enabled: true,
    schedule: '*/15 * * * *',
    scheduleWords: 'Every 15 minutes',
    nextExpectedAt: addMs(now, DAY_MS),
    startGraceSeconds: 300,
    maxRuntimeSeconds: 540,
    current: null,
    lastStartedAt: addMs(now, -EVERY_MS),
    lastFinishedAt: addMs(now, -EVERY_MS),
    lastSuccessAt: addMs(now, -EVERY_MS),
    lastOutcome: 'succeeded',
    lastDurationMs: 40 * SECOND_MS,
    lastError: null,
    consecutiveFailures: 0,
    openAlarms: [],
    strip,
    deployment: { service: null, revision: null, region: null },
    writeId: '',
    updatedAt: addMs(now, -EVERY_MS),
  });
}

function dayAt(date: Day, collectedAt: Date): DailyMetrics {
  const check = { status: 'unknown', expected: null, actual: null };
  const faults = {
    skewed: [],
    malformed: [],
    unmapped: [],
    totals: { skewed: 0, malformed: 0, unmapped: 0 },
  };
  return daySchema.parse({
    date,
    status: 'final',
    revision: 1,
    collectedAt,
    settledSince: null,
    finalAt: null,
    jobs: { started: 9, completed: 7, failed: 1, cancelled: 0, neverStarted: 0, inFlight: 3 },
    gpu: { hoursUsed: 24, hoursCompleted: 20, hoursAccrued: 4 },
    sources: {},
    checks: { inFlight: check, hoursUsed: check, ...faults },
    conflict: null,
    members: 9,
    projects: [],
    runId: '',
  });
}

function jobsSource() {
  const time = (path: string) => ({ path, type: 'timestamp' });
  return sourceSchema.parse({
    collection: 'jobs',
    fields: {
      status: 'status',
      startedAt: time('startedAt'),
      heartbeatAt: time('heartbeatAt'),
      endedAt: time('endedAt'),
    },
    statuses: { running: 'running', completed: 'completed', failed: 'failed', cancelled: 'cancelled' },
  });
}
