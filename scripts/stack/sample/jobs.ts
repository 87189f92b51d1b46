import {
  addDays,
  addMs,
  type Day,
  dayOf,
  daysBetween,
  HOUR_MS,
  MINUTE_MS,
  SECOND_MS,
  startOfDay,
} from '../../../functions/shared/dates.ts';
import type { TerminalState } from '../../../functions/shared/model/job/states.ts';
import { type Change, changesWithin, type Span } from './changes.ts';
import { type Dice, dice } from './dice.ts';
import { type Fate, type NewJob, newJob, type SampleJob } from './job.ts';
import { withMarks } from './marks.ts';
import { KILLED, troubledJobs } from './troubled.ts';

/** Days before today that the sample world has jobs of. */
export const SAMPLE_DAYS = 40;

const CRASHES = [
  'CUDA out of memory. Tried to allocate 2.50 GiB (GPU 0; 39.59 GiB total capacity)',
  'RuntimeError: DataLoader worker (pid 812) is killed by signal: Killed',
  'ValueError: loss is nan at step 18250, stopping',
  'NCCL error: unhandled system error, ncclSystemError',
];
const FALSE_STARTS = [
  'Quota exceeded: custom_model_training_nvidia_a100_gpus in us-central1',
  'Image pull failed: tag "nightly" was not found',
  'Permission denied on gs://sample-datasets/train/manifest.json',
];

/** How a job goes, and how often of a thousand. */
const COURSES = [
  ['completes', 685],
  ['crashes', 110],
  ['never starts', 60],
  ['is cancelled', 50],
  ['is cancelled early', 20],
  ['runs for days', 35],
  ['runs overnight', 35],
  ['hangs', 5],
] as const;

/**
 * The jobs of three ML projects over the 40 days before `now` and today so far, the same for the same `now`: most
 * complete, some fail or are cancelled, some before they start; some cross midnight or several, a few hang with a
 * heartbeat long silent, some run or are queued at this moment.
 */
export function sampleJobs(now: Date): SampleJob[] {
  const today = dayOf(now);
  const jobs = daysBetween(addDays(today, -SAMPLE_DAYS), today)
    .flatMap(jobsOfDay)
    .concat(jobsOfTheMoment(now))
    .filter((planned) => planned.createdAt <= now)
    .map((planned) => seenAt(planned, now))
    .concat(troubledJobs(now));
  return withMarks(jobs, now);
}

/** Midnights that a job may run past. */
const LONGEST_DAYS = 4;

/** What becomes, within a span, of the jobs of the sample that was made at `made`; every night some fall silent. */
export function jobsWithin(span: Span, made: Date): Change<SampleJob>[] {
  const days = daysBetween(addDays(dayOf(span.from), -LONGEST_DAYS), dayOf(span.to));
  const silent = days.flatMap(silentJobsOfNight).filter(({ createdAt }) => createdAt > made);
  return changesWithin(span, [...days.flatMap(jobsOfDay), ...silent, ...jobsOfTheMoment(made)], seenAt);
}

interface Plan extends NewJob {
  fate?: Fate;
  /** When and how it will have ended; null when its record will never say so after `heardUntil`. */
  end: { at: Date; status: TerminalState } | null;
  heardUntil: Date;
}

function jobsOfDay(day: Day): Plan[] {
  const roll = dice(`jobs of ${day}`);
  const weekend = [0, 6].includes(startOfDay(day).getUTCDay());
  const count = roll.between(weekend ? 12 : 15, weekend ? 15 : 20);
  return Array.from({ length: count }, (_, index) => planOf(day, index + 1, roll));
}

function planOf(day: Day, number: number, roll: Dice): Plan {
  const course = roll.weighted(COURSES);
  const minutes = (low: number, high: number) =>
    roll.between(low, high) * MINUTE_MS + roll.between(0, 59_999);
  const createdAt = addMs(
    startOfDay(day),
    course === 'runs overnight' ? minutes(21 * 60, 23 * 60) : minutes(0, 1_438),
  );
  const queuedMs = minutes(1, 25);
  const base = newJob(roll, `${day.replaceAll('-', '')}-${String(number).padStart(2, '0')}`, createdAt);

  if (course === 'never starts' || course === 'is cancelled early') {
    const status = course === 'never starts' ? 'failed' : 'cancelled';
    const at = addMs(createdAt, queuedMs);
    const error = status === 'failed' ? roll.pick(FALSE_STARTS) : null;
    return { ...base, backendId: null, artifactUri: null, error, end: { at, status }, heardUntil: createdAt };
  }
  const startedAt = addMs(createdAt, queuedMs);
  const runMs = {
    completes: minutes(18, 9 * 60),
    crashes: minutes(2, 5 * 60),
    'is cancelled': minutes(10, 4 * 60),
    'runs for days': minutes(26 * 60, 80 * 60),
    'runs overnight': minutes(4 * 60, 10 * 60),
    hangs: minutes(30, 6 * 60),
  }[course];
  const at = addMs(startedAt, runMs);
  if (course === 'hangs') {
    const fate: Fate = { status: 'failed', at: addMs(at, 40 * SECOND_MS), error: KILLED };
    return { ...base, startedAt, fate, end: null, heardUntil: at };
  }
  const status = course === 'crashes' ? 'failed' : course === 'is cancelled' ? 'cancelled' : 'completed';
  return {
    ...base,
    startedAt,
    error: status === 'failed' ? roll.pick(CRASHES) : null,
    end: { at, status },
    heardUntil: at,
  };
}

/** What a job's record says at `now`. */
function seenAt({ end, heardUntil, fate, ...job }: Plan, now: Date): SampleJob {
  const ended = end !== null && end.at <= now ? end : null;
  const startedAt = job.startedAt && job.startedAt <= now ? job.startedAt : null;
  // Heartbeats come once a minute.
  const newest = Math.min(heardUntil.getTime(), now.getTime() - (now.getTime() % MINUTE_MS));
  const heartbeatAt = startedAt && new Date(Math.max(startedAt.getTime(), newest));
  return {
    ...job,
    startedAt,
    heartbeatAt,
    endedAt: ended?.at ?? null,
    status: ended?.status ?? (startedAt ? 'running' : 'queued'),
    error: ended ? job.error : null,
    backendId: startedAt ? job.backendId : null,
    artifactUri: startedAt ? job.artifactUri : null,
    artifactBytes: ended?.status === 'completed' ? artifactBytesOf(job) : null,
    updatedAt: ended?.at ?? heartbeatAt ?? job.createdAt,
    ...(fate && fate.at <= now && { fate }),
  };
}

/** What a job leaves behind: more where more GPUs trained it. */
function artifactBytesOf({ id, gpus }: Pick<SampleJob, 'id' | 'gpus'>): number {
  return gpus * dice(`artifacts of ${id}`).between(180e6, 2_400e6);
}

/** Jobs whose record says for ever that they run, while Vertex AI knows better: one of each end every night. */
function silentJobsOfNight(day: Day): Plan[] {
  const roll = dice(`silent jobs of ${day}`);
  return (['failed', 'completed', 'cancelled'] as const).map((status, index) => {
    const createdAt = addMs(startOfDay(day), (19 + index) * HOUR_MS + roll.between(0, HOUR_MS));
    const startedAt = addMs(createdAt, roll.between(1, 25) * MINUTE_MS);
    const heardUntil = addMs(startedAt, roll.between(30, 6 * 60) * MINUTE_MS);
    const job = { ...newJob(roll, `${day.replaceAll('-', '')}-night-${index + 1}`, createdAt), startedAt };
    const error = status === 'failed' ? KILLED : null;
    return { ...job, fate: { status, at: addMs(heardUntil, 40 * SECOND_MS), error }, end: null, heardUntil };
  });
}

/** Hours that a job has run when the sample is made, and that it still will. */
const RUNNING_HOURS = [
  [0.4, 2.6],
  [1.5, 5.3],
  [7, 3.7],
  [31, 9.2],
] as const;
/** Minutes that a job has waited when the sample is made, and that it still will. */
const QUEUED_MINUTES = [
  [3, 14],
  [17, 6],
] as const;

/** What chance may leave out: jobs that run and wait at the very moment at which the sample is made. */
function jobsOfTheMoment(now: Date): Plan[] {
  const roll = dice('jobs of this moment');
  const running = RUNNING_HOURS.map(([ran, left], index) => {
    const startedAt = addMs(now, -ran * HOUR_MS);
    const job = newJob(roll, `now-${index + 1}`, addMs(startedAt, -4 * MINUTE_MS));
    return { ...job, startedAt, ...endingAt(addMs(now, left * HOUR_MS)) };
  });
  const queued = QUEUED_MINUTES.map(([waited, left], index) => {
    const job = newJob(roll, `queued-${index + 1}`, addMs(now, -waited * MINUTE_MS));
    const startedAt = addMs(now, left * MINUTE_MS);
    return { ...job, startedAt, ...endingAt(addMs(startedAt, 3 * HOUR_MS)) };
  });
  return [...running, ...queued];
}

function endingAt(at: Date): Pick<Plan, 'end' | 'heardUntil'> {
  return { end: { at, status: 'completed' }, heardUntil: at };
}
