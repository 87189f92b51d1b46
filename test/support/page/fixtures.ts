import { z } from 'zod';
import { addDays, dayOf, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../functions/shared/dates.ts';
import { adviceOn } from '../../../functions/shared/model/run/alarm-advice.ts';
import { furtherCommand } from '../../../functions/shared/model/run/alarm-rank.ts';
import type { Outcome } from '../../../functions/shared/model/run/outcomes.ts';
import { type JobAnswer, jobAnswerSchema } from '../../../functions/status/api/job-schemas.ts';
import {
  type AlarmAnswer,
  alarmAnswerSchema,
  type DayAnswer,
  dayAnswerSchema,
  type RunAnswer,
  type RunLine,
  runAnswerSchema,
  runLineSchema,
  type StatusAnswer,
  statusSchema,
  type TaskAnswer,
} from '../../../functions/status/api/schemas.ts';
import type { WorkloadsAnswer } from '../../../functions/status/api/workload-schemas.ts';
import { badgeAt } from '../../../functions/status/rules/badge.ts';
import { noWorkloads, workloadsAt, workloadsNamed } from './workloads.ts';

/** Answers of the API for the tests of the page, each parsed by the schema that the API itself is held to. */
export interface World {
  status: StatusAnswer;
  jobs: JobAnswer[];
  days: DayAnswer[];
  runs: RunLine[];
  run: RunAnswer;
  workloads: WorkloadsAnswer;
}

/** A stack as a failed permission leaves it. */
export const STACK = `PermissionDenied: Cannot delete gs://ml-artifacts/runs/3f2a/model.pt: 403 Forbidden
    at deleteObject (functions/shared/cloud/storage/objects.ts:88:11)
    at async deleteJob (functions/cleanup-artifacts/delete/delete-job.ts:54:5)
    at async carryOut (functions/cleanup-artifacts/delete/carry-out.ts:71:7)
    at async execute (functions/shared/run/execute.ts:40:20)
  caused by: Error: ml-artifacts: the caller lacks storage.objects.delete`;

interface TaskSketch {
  task: string;
  description: string;
  schedule: string;
  words: string;
  everyMs: number;
  /** From the newest run backwards; all others succeeded. */
  newest?: Outcome[];
  tookMs: number;
  current?: { begunMs: number; beatMs: number };
  lateMs?: number;
}

const SKETCHES: TaskSketch[] = [
  {
    task: 'cleanup-artifacts',
    description: 'deletes artifacts that nobody needs',
    schedule: '0 3 * * *',
    words: 'At 03:00',
    everyMs: 24 * HOUR_MS,
    newest: ['failed', 'failed', 'timed-out'],
    tookMs: 39 * SECOND_MS,
  },
  {
    task: 'observe-workloads',
    description: 'what runs on the platform outside our records',
    schedule: '*/5 * * * *',
    words: 'Every 5 minutes',
    everyMs: 5 * MINUTE_MS,
    newest: ['succeeded', 'missed'],
    tookMs: 8 * SECOND_MS,
    lateMs: 12 * MINUTE_MS,
  },
  {
    task: 'collect-metrics',
    description: "yesterday's figures, and past days that changed",
    schedule: '0 2 * * *',
    words: 'At 02:00',
    everyMs: 24 * HOUR_MS,
    newest: ['partial'],
    tookMs: 71 * SECOND_MS,
  },
  {
    task: 'sweep-stale-jobs',
    description: 'ends records of jobs that lie, and watches over these tasks',
    schedule: '*/10 * * * *',
    words: 'Every 10 minutes',
    everyMs: 10 * MINUTE_MS,
    tookMs: 14 * SECOND_MS,
    current: { begunMs: 42 * SECOND_MS, beatMs: 3 * SECOND_MS },
  },
  {
    task: 'prune-records',
    description: 'removes our own records whose time is over',
    schedule: '0 4 * * *',
    words: 'At 04:00',
    everyMs: 24 * HOUR_MS,
    tookMs: 5 * SECOND_MS,
  },
];

/** A night in which much went wrong, as the page sees it at `now`. */
export function troubledWorld(now: Date): World {
  const tasks = SKETCHES.map((sketch) => taskOf(sketch, now));
  return worldOf(now, tasks, alarmsAt(now));
}

/** A night in which all went well. */
export function goodWorld(now: Date): World {
  const tasks = SKETCHES.map((sketch) => {
    const { newest: _, current: __, lateMs: ___, ...well } = sketch;
    return taskOf(well, now);
  });
  const world = worldOf(now, tasks, []);
  return { ...world, jobs: world.jobs.filter(({ agrees }) => agrees) };
}

/** A deployment in which nothing has happened yet. */
export function emptyWorld(now: Date): World {
  const world = worldOf(now, [], []);
  return {
    ...world,
    jobs: [],
    days: world.days.map(({ date }) => dayOf30(date, null)),
    runs: [],
    workloads: noWorkloads(),
  };
}

/** Names that would do harm, were they anything but text. */
export function hostileWorld(now: Date): World {
  const bad = '<img src=x onerror="document.title=\'owned\'">';
  const rtl = '\u202Eתירבע אל\u202C عربى';
  const long = 'x'.repeat(300);
  const [first] = SKETCHES as [TaskSketch];
  const tasks = [bad, rtl, long].map((task) =>
    taskOf({ ...first, task, description: task, words: task }, now),
  );
  const world = worldOf(
    now,
    tasks,
    alarmsAt(now).map((alarm) => ({ ...alarm, subject: bad, message: long })),
  );
  const [job] = world.jobs as [JobAnswer];
  const jobs = [bad, rtl, long].map((id) => ({ ...job, id, project: id, because: id, agrees: false }));
  const workloads = workloadsNamed(world.workloads, [bad, rtl, long]);
  return { ...world, jobs, runs: world.runs.map((run) => ({ ...run, error: bad })), workloads };
}

function worldOf(now: Date, tasks: TaskAnswer[], alarms: AlarmAnswer[]): World {
  const counts = Map.groupBy(tasks, ({ state }) => state);
  const runs = runsAt(now, tasks[0]?.task ?? 'cleanup-artifacts');
  return {
    status: statusSchema.parse({
      instance: 'nightshift-local',
      deployment: { project: 'nightshift-local', region: 'europe-west1', service: null, revision: null },
      verdict: { ok: alarms.length === 0, words: `${tasks.length} tasks`, wrong: [] },
      tasks,
      counts: {
        tasks: Object.fromEntries([...counts].map(([state, { length }]) => [state, length])),
        running: tasks.filter(({ running }) => running).length,
        openAlarms: alarms.length,
      },
      alarms,
      sources: [],
    } satisfies StatusAnswer),
    jobs: z.array(jobAnswerSchema).parse(jobsAt(now)),
    days: z.array(dayAnswerSchema).parse(daysBefore(now)),
    runs: z.array(runLineSchema).parse(runs),
    run: runAnswerSchema.parse(wholeRun(runs[0] as RunLine)),
    workloads: workloadsAt(now),
  };
}

function ago(now: Date, ms: number): string {
  return new Date(now.getTime() - ms).toISOString();
}

function taskOf(sketch: TaskSketch, now: Date): TaskAnswer {
  const { task, everyMs, tookMs, newest = [], current, lateMs } = sketch;
  const lastMs = lateMs ? lateMs + everyMs : Math.min(everyMs * 0.35, 7 * HOUR_MS);
  const strip = Array.from({ length: 20 }, (_, index) => {
    const back = 19 - index;
    const startedAt = ago(now, lastMs + back * everyMs);
    const outcome: Outcome = newest[back] ?? 'succeeded';
    const durationMs = outcome === 'missed' ? 0 : tookMs * (0.7 + ((index * 7) % 10) / 16);
    return { runId: `${task}@${startedAt}`, outcome, startedAt, durationMs };
  });
  const failures = newest.findIndex((outcome) => !['failed', 'timed-out', 'lost'].includes(outcome));
  // A second before the half minute, so that no rounding turns on how long a page takes to be drawn.
  const next = lateMs ? ago(now, lateMs) : ago(now, lastMs - everyMs + SECOND_MS);
  const begun = current ? ago(now, current.begunMs) : null;
  const facts = {
    enabled: true,
    nextExpectedAt: next,
    lateAt: new Date(Date.parse(next) + 5 * MINUTE_MS).toISOString(),
    startGraceSeconds: 300,
    maxRuntimeSeconds: 450,
    current:
      begun && current
        ? {
            runId: `${task}@${begun}`,
            attempt: 1,
            startedAt: begun,
            heartbeatAt: ago(now, current.beatMs),
            leaseExpiresAt: ago(now, current.beatMs - HOUR_MS),
          }
        : null,
    lastStartedAt: strip.at(-1)?.startedAt ?? null,
    lastOutcome: newest[0] ?? 'succeeded',
    lastError: failures === 0 || newest.length === 0 ? null : (STACK.split('\n')[0] ?? null),
    consecutiveFailures: failures < 0 ? newest.length : failures,
  } as const;
  return {
    task,
    description: sketch.description,
    schedule: sketch.schedule,
    scheduleWords: sketch.words,
    ...facts,
    ...badgeAt(facts, now),
    stuckAt: begun && new Date(Date.parse(begun) + 450 * SECOND_MS).toISOString(),
    lastFinishedAt: ago(now, lastMs - tookMs),
    lastSuccessAt: strip.findLast(({ outcome }) => outcome === 'succeeded')?.startedAt ?? null,
    lastDurationMs: strip.at(-1)?.durationMs ?? null,
    typicalDurationMs: tookMs,
    strip,
    openAlarms: [],
    deployment: { service: task, revision: `${task}-00012-kel`, region: 'europe-west1' },
  };
}

function alarmsAt(now: Date): AlarmAnswer[] {
  const alarm = (more: Pick<AlarmAnswer, 'subject' | 'kind' | 'severity' | 'message'>, backMs: number) => ({
    ...more,
    id: `${more.subject}:${more.kind}:${ago(now, backMs)}`,
    brokenAt: ago(now, backMs),
    openedAt: ago(now, backMs - MINUTE_MS),
    closedAt: null,
    closedBecause: null,
    runId: null,
    mute: null,
    advice: adviceOn({ ...more, brokenAt: new Date(now.getTime() - backMs) }),
    command: furtherCommand({ ...more, brokenAt: new Date(now.getTime() - backMs) }),
  });
  const muted = alarm(
    {
      subject: 'etl',
      kind: 'long-running',
      severity: 'warning',
      message: '14 jobs run for more than 24 h, at most 10 are allowed',
    },
    30 * HOUR_MS,
  );
  return z.array(alarmAnswerSchema).parse([
    alarm(
      {
        subject: 'cleanup-artifacts',
        kind: 'failing',
        severity: 'critical',
        message:
          '3 runs in a row failed; the last: Cannot delete gs://ml-artifacts/runs/3f2a/model.pt: 403 Forbidden',
      },
      50 * HOUR_MS,
    ),
    alarm(
      {
        subject: 'training',
        kind: 'overdue',
        severity: 'warning',
        message: '2 jobs run past the longest that they may run: job-1005, job-1011',
      },
      5 * HOUR_MS,
    ),
    {
      ...muted,
      mute: {
        until: ago(now, -6 * HOUR_MS),
        by: 'kim',
        reason: 'the migration runs until tonight',
        at: ago(now, HOUR_MS),
      },
    },
  ]);
}

function jobsAt(now: Date): JobAnswer[] {
  return Array.from({ length: 8 }, (_, index) => {
    const agrees = index > 1;
    const backend = agrees ? 'running' : index === 0 ? 'cancelled' : 'failed';
    return {
      source: 'training',
      id: `job-10${String(index + 5).padStart(2, '0')}`,
      path: `trainingJobs/job-10${index + 5}`,
      project: ['vision', 'speech', 'ranking'][index % 3] ?? '',
      type: 'train',
      record: {
        state: index === 5 ? 'queued' : 'running',
        status: index === 5 ? 'WAITING' : 'RUNNING',
        createdAt: ago(now, (index + 3) * HOUR_MS),
        startedAt: index === 5 ? null : ago(now, (index + 2.58) * HOUR_MS),
        heartbeatAt: ago(now, agrees ? 20 * SECOND_MS : 40 * MINUTE_MS),
        endedAt: null,
        writtenAt: ago(now, 30 * MINUTE_MS),
        error: null,
      },
      backend: {
        kind: 'vertex-ai',
        id: `projects/ml/locations/europe-west4/customJobs/99${index}`,
        state: index === 5 ? 'queued' : index === 6 ? 'unknown' : backend,
        said: index === 6 ? 'no answer within 2 s' : `JOB_STATE_${backend.toUpperCase()}`,
        startedAt: ago(now, (index + 2.5) * HOUR_MS),
        endedAt: agrees ? null : ago(now, 14 * MINUTE_MS),
        askedAt: ago(now, 4 * SECOND_MS),
      },
      reporter: index === 0 || index === 2 ? reporterOf(now) : null,
      verdict: {
        kind: agrees ? 'keep' : 'fail',
        rule: agrees ? 'alive' : 'backend-ended',
        because: agrees ? 'its backend says running' : `Vertex AI says ${backend}, since 14 min`,
        brokenAt: null,
        endedAt: null,
      },
      shown: agrees ? (index === 5 ? 'queued' : 'running') : backend,
      agrees,
      because: agrees ? 'its backend says running' : `The record says running, Vertex AI says ${backend}`,
      endedBy: null,
      command: `npm run -s ops -- why job-10${index + 5}`,
    } satisfies JobAnswer;
  });
}

/** One that told of 42 % a while ago, and runs on a host that is gone. */
function reporterOf(now: Date): NonNullable<JobAnswer['reporter']> {
  return {
    execution: '01JDQ3',
    host: 'gpu-7',
    state: 'running',
    startedAt: ago(now, 2.5 * HOUR_MS),
    seenAt: ago(now, 40 * MINUTE_MS),
    receivedAt: ago(now, 40 * MINUTE_MS),
    progress: { fraction: 0.42, step: 51_200, of: 120_000, note: 'epoch 3' },
    progressAt: ago(now, 41 * MINUTE_MS),
    checkpoint: { uri: 'gs://runs/job-105/ckpt-51000/', step: 51_000 },
    cause: null,
    exitCode: null,
    signal: null,
    goneAt: null,
    waits: false,
    rivals: [],
  };
}

function dayOf30(date: string, index: number | null): DayAnswer {
  const wave = index === null ? 0 : 0.75 + 0.25 * Math.sin(index / 2.2) + (index % 7 > 4 ? -0.3 : 0);
  const known = index !== null && index !== 11;
  const scaled = (most: number) => Math.round(most * wave);
  return {
    date,
    status: known ? 'final' : 'missing',
    revision: known ? 1 : null,
    collectedAt: null,
    jobs: known
      ? {
          started: scaled(130),
          completed: scaled(110),
          failed: scaled(index % 5 === 0 ? 30 : 9),
          cancelled: scaled(6),
          neverStarted: 0,
          inFlight: 12,
        }
      : null,
    gpu: known ? { hoursUsed: scaled(2400) + 0.4, hoursCompleted: scaled(2000), hoursAccrued: 120 } : null,
    etl: null,
    storage: known
      ? { buckets: 4, bytes: (38 + (index ?? 0) * 0.3) * 2 ** 40, objects: 1_200_000, softDeletedBytes: null }
      : null,
    bigquery: known
      ? { tables: 240, bytes: (6 + (index ?? 0) * 0.1) * 2 ** 40, jobsCompleted: 900, jobsFailed: 3 }
      : null,
    cloudRun: null,
    database: null,
    sourcesFailing: {},
  };
}

function daysBefore(now: Date): DayAnswer[] {
  const last = addDays(dayOf(now), -1);
  return Array.from({ length: 30 }, (_, index) => dayOf30(addDays(last, index - 29), index));
}

function runsAt(now: Date, task: string): RunLine[] {
  return Array.from({ length: 60 }, (_, index) => {
    const outcome: Outcome =
      index < 2 ? 'failed' : index === 2 ? 'timed-out' : index % 9 === 8 ? 'partial' : 'succeeded';
    const startedAt = ago(now, 7 * HOUR_MS + index * 24 * HOUR_MS);
    return {
      runId: `${task}@${startedAt}`,
      task,
      trigger: index % 6 === 5 ? 'manual' : 'scheduled',
      slot: index % 6 === 5 ? null : startedAt,
      whole: true,
      dryRun: false,
      attempt: 1,
      outcome,
      startedAt,
      endedAt: startedAt,
      durationMs: 39_000 + index * 100,
      error: outcome === 'succeeded' ? null : (STACK.split('\n')[0] ?? null),
      arrivedLate: false,
      cause: null,
    } satisfies RunLine;
  });
}

function wholeRun(line: RunLine): RunAnswer {
  return {
    ...line,
    body: {},
    leaseExpiresAt: null,
    deadlineAt: null,
    summary: { deleted: 0 },
    problems: [],
    failure: { name: 'PermissionDenied', message: STACK.split('\n')[0] ?? '', stack: STACK },
    attempts: [],
    duplicates: 0,
    expireAt: null,
  };
}
