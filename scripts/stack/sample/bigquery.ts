import {
  addDays,
  addMs,
  type Day,
  dayOf,
  daysBetween,
  HOUR_MS,
  MINUTE_MS,
  startOfDay,
} from '../../../functions/shared/dates.ts';
import type { BigQueryJob, Dataset } from '../stand-ins/google/world.ts';
import { type Change, changesWithin, type Span } from './changes.ts';
import { type Dice, dice } from './dice.ts';
import { levelOf, MIB } from './growth.ts';

/** By dataset: its location, and the MiB that each of its tables grows by every day. */
const DATASETS: Record<string, { location: string; since: Day; tables: Record<string, number> }> = {
  raw_events: {
    location: 'US',
    since: '2025-01-08',
    tables: {
      page_views: 5_200,
      searches: 2_900,
      clicks: 3_700,
      sessions: 880,
      uploads: 410,
      devices: 96,
      transcripts: 1_450,
      speakers: 120,
      invoices: 64,
      payments: 88,
      refunds: 7,
      tickets: 190,
    },
  },
  features: {
    location: 'US',
    since: '2025-03-17',
    tables: { account_daily: 740, image_embeddings: 9_800, speech_embeddings: 4_100, labels: 55 },
  },
  reporting: {
    location: 'EU',
    since: '2025-04-02',
    tables: { churn_weekly: 12, model_quality: 31, training_cost: 18, search_quality: 44, usage_daily: 73 },
  },
};
const YOUNG = 'search_quality';
const DROPPED = 'devices';

const FAILURES = [
  { reason: 'invalidQuery', message: 'Unrecognized name: acount_id at [4:12]; Did you mean account_id?' },
  { reason: 'notFound', message: 'Not found: Table raw_events.devices was not found in location US' },
  { reason: 'accessDenied', message: 'Access Denied: Table features.labels: User does not have permission' },
  { reason: 'resourcesExceeded', message: 'Resources exceeded during query execution: Not enough memory' },
  { reason: 'stopped', message: 'Job execution was cancelled: User requested cancellation' },
];

/** The datasets: `search_quality` was made twelve days ago, `devices` dropped nine days ago. */
export function sampleDatasets(today: Day): Dataset[] {
  return Object.entries(DATASETS).map(([id, { location, since, tables }]) => ({
    id,
    location,
    tables: Object.entries(tables).map(([table, perDay]) => ({
      id: table,
      bytes: levelOf(
        {
          name: `${id}.${table}`,
          perDay: perDay * MIB,
          since: table === YOUNG ? addDays(today, -12) : since,
          ...(table === DROPPED && { until: addDays(today, -9) }),
        },
        today,
      ),
    })),
  }));
}

/** The jobs of the days before `now` and today so far: 20 to 60 a day; one in twelve fails, one or two run past midnight. */
export function sampleQueries(project: string, days: number, now: Date): BigQueryJob[] {
  const today = dayOf(now);
  return daysBetween(addDays(today, -days), today)
    .flatMap((day) => queriesOf(day, project))
    .filter(({ createdAt }) => createdAt <= now)
    .map((job) => seenAt(job, now));
}

/** What becomes of the jobs within a span. */
export function queriesWithin(span: Span, project: string): Change<BigQueryJob>[] {
  // A nightly one ends after midnight.
  const days = daysBetween(addDays(dayOf(span.from), -1), dayOf(span.to));
  return changesWithin(
    span,
    days.flatMap((day) => queriesOf(day, project)),
    seenAt,
  );
}

type Ended = BigQueryJob & { startedAt: Date; endedAt: Date };

function queriesOf(day: Day, project: string): Ended[] {
  const roll = dice(`queries of ${day}`);
  const daytime = Array.from({ length: roll.between(19, 58) }, () => roll.between(0, 23 * HOUR_MS));
  const overnight = Array.from(
    { length: roll.between(1, 2) },
    () => 23 * HOUR_MS + roll.between(0, HOUR_MS - 1),
  );
  return [...daytime, ...overnight].map((sinceMidnight, index) => {
    const createdAt = addMs(startOfDay(day), sinceMidnight);
    const startedAt = addMs(createdAt, roll.between(80, 4_000));
    const ranMs = sinceMidnight > 23 * HOUR_MS ? nightly(roll) : roll.between(900, 4 * MINUTE_MS);
    return {
      id: `job_${day.replaceAll('-', '')}_${String(index + 1).padStart(2, '0')}`,
      location: roll.pick(['US', 'US', 'US', 'EU']),
      user: `${roll.pick(['reports', 'features', 'notebooks'])}@${project}.iam.gserviceaccount.com`,
      createdAt,
      startedAt,
      endedAt: addMs(startedAt, ranMs),
      error: roll.between(1, 12) === 1 ? roll.pick(FAILURES) : null,
    };
  });
}

/** Longer than what is left of the day, whenever in its last hour it began. */
function nightly(roll: Dice): number {
  return HOUR_MS + roll.between(0, 100 * MINUTE_MS);
}

/** What the list says of it at `now`: of what has not ended, neither an end nor an error. */
function seenAt(job: Ended, now: Date): BigQueryJob {
  if (job.endedAt <= now) return job;
  return { ...job, startedAt: job.startedAt <= now ? job.startedAt : null, endedAt: null, error: null };
}
