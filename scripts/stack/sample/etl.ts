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
import type { JobState } from '../../../functions/shared/model/job/states.ts';
import { type Change, changesWithin, type Span } from './changes.ts';
import { type Dice, dice } from './dice.ts';
import type { SampleRecord } from './job.ts';
import { SAMPLE_DAYS } from './jobs.ts';

interface Pipeline {
  /** Hours of the day that it runs at. */
  hours: readonly number[];
  /** Past the hour. */
  minute: number;
  /** The shortest and the longest run, minutes. */
  takes: [number, number];
}

const EVERY_FOUR_HOURS = [0, 4, 8, 12, 16, 20];
const PIPELINES: Record<string, Pipeline> = {
  'event-intake': { hours: EVERY_FOUR_HOURS, minute: 5, takes: [4, 22] },
  'account-sync': { hours: [6], minute: 30, takes: [18, 55] },
  'feature-build': { hours: [23], minute: 15, takes: [50, 140] },
};

/** How a run goes, and how often of a hundred. */
const COURSES = [
  ['completed', 91],
  ['failed', 7],
  ['cancelled', 2],
] as const;
const FAILURES = [
  'Table raw_events.page_views: the partition of the hour before is not there',
  'Column "account_id" holds null in 1,204 rows, none was expected',
  'Connection to tickets-db was reset after 300 s',
  'Schema of uploads changed: "duration" is text, was a number',
];

/** An ETL run whose course is settled, whether it is over by now or not. */
interface Plan extends Pick<SampleRecord, 'id' | 'project' | 'backendId'> {
  createdAt: Date;
  startedAt: Date;
  end: { at: Date; status: JobState; error: string | null };
}

/**
 * The ETL runs of three pipelines, one every four hours and two daily, over the 40 days before `now` and today so far, the same for
 * the same `now`: some fail, the nightly ones end after midnight, one runs at this moment, and three say so that should
 * have ended long ago.
 */
export function sampleEtlRuns(now: Date): SampleRecord[] {
  const today = dayOf(now);
  return daysBetween(addDays(today, -SAMPLE_DAYS), today)
    .flatMap(runsOfDay)
    .concat(runOfTheMoment(now))
    .filter(({ createdAt }) => createdAt <= now)
    .map((plan) => seenAt(plan, now))
    .concat(troubledRuns(now));
}

/** What becomes, within a span, of the ETL runs of the sample that was made at `made`. */
export function etlRunsWithin(span: Span, made: Date): Change<SampleRecord>[] {
  // A nightly run ends after midnight.
  const days = daysBetween(addDays(dayOf(span.from), -1), dayOf(span.to));
  return changesWithin(span, [...days.flatMap(runsOfDay), runOfTheMoment(made)], seenAt);
}

function runsOfDay(day: Day): Plan[] {
  const roll = dice(`ETL runs of ${day}`);
  return Object.entries(PIPELINES).flatMap(([name, { hours, minute, takes }]) =>
    hours.map((hour) => {
      const createdAt = new Date(startOfDay(day).getTime() + hour * HOUR_MS + minute * MINUTE_MS);
      const id = `${name}-${day.replaceAll('-', '')}-${String(hour).padStart(2, '0')}`;
      return planOf(id, name, createdAt, roll, takes);
    }),
  );
}

/** Runs that are over by what the orchestrator says, that it does not know, and of which it says nothing. */
function troubledRuns(now: Date): SampleRecord[] {
  const hoursAgo = (hours: number) => addMs(now, -hours * HOUR_MS);
  const running = (
    project: keyof typeof PIPELINES,
    name: string,
    startedAt: Date,
    fate: NonNullable<SampleRecord['fate']>,
  ): SampleRecord => {
    const id = `${project}-${name}`;
    return {
      id,
      project,
      backendId: id,
      createdAt: startedAt,
      startedAt,
      fate,
      status: 'running',
      endedAt: null,
      updatedAt: startedAt,
      error: null,
    };
  };
  return [
    running('feature-build', 'done', hoursAgo(27), { status: 'completed', at: hoursAgo(25), error: null }),
    running('event-intake', 'gone', hoursAgo(52), 'gone'),
    running('account-sync', 'unanswered', hoursAgo(9), 'silence'),
  ];
}

/** What chance may leave out. */
function runOfTheMoment(now: Date): Plan {
  const createdAt = addMs(now, -3 * MINUTE_MS);
  return planOf('account-sync-by-hand', 'account-sync', createdAt, dice('ETL run of this moment'), [18, 55]);
}

function planOf(
  id: string,
  project: string,
  createdAt: Date,
  roll: Dice,
  [shortest, longest]: Pipeline['takes'],
): Plan {
  const startedAt = addMs(createdAt, roll.between(2, 50) * SECOND_MS);
  const ranMs = roll.between(shortest * MINUTE_MS, longest * MINUTE_MS);
  const status = roll.weighted(COURSES);
  const error = status === 'failed' ? roll.pick(FAILURES) : null;
  return {
    id,
    project,
    backendId: id,
    createdAt,
    startedAt,
    end: { at: addMs(startedAt, ranMs), status, error },
  };
}

/** What the run's record says at `now`. */
function seenAt({ end, ...run }: Plan, now: Date): SampleRecord {
  if (end.at <= now)
    return { ...run, status: end.status, endedAt: end.at, updatedAt: end.at, error: end.error };
  const open = { ...run, endedAt: null, error: null };
  return run.startedAt <= now
    ? { ...open, status: 'running', updatedAt: run.startedAt }
    : { ...open, status: 'queued', startedAt: null, updatedAt: run.createdAt };
}
