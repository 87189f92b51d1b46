import {
  addDays,
  type Day,
  dayOf,
  daysBetween,
  HOUR_MS,
  MINUTE_MS,
  startOfDay,
} from '../../../functions/shared/dates.ts';
import type { RunRequests, RunService } from '../stand-ins/google/world.ts';
import type { Span } from './changes.ts';
import { dice } from './dice.ts';

type Requests = readonly (readonly [RunRequests['responseClass'], number])[];

/** Requests per hour at noon, by class of response; nobody calls a service that has none. */
const SERVICES: { name: string; region: string; since: Day; requests: Requests }[] = [
  {
    name: 'image-search-api',
    region: 'us-central1',
    since: '2025-02-11',
    requests: [
      ['2xx', 5_200],
      ['3xx', 340],
      ['4xx', 160],
      ['5xx', 9],
    ],
  },
  {
    name: 'image-search-api',
    region: 'europe-west4',
    since: '2025-06-24',
    requests: [
      ['2xx', 2_700],
      ['3xx', 190],
      ['4xx', 75],
      ['5xx', 4],
    ],
  },
  {
    name: 'transcribe-api',
    region: 'us-central1',
    since: '2025-03-05',
    requests: [
      ['2xx', 810],
      ['4xx', 44],
      ['5xx', 6],
    ],
  },
  {
    name: 'churn-scores',
    region: 'us-east4',
    since: '2025-04-29',
    requests: [
      ['2xx', 130],
      ['4xx', 2],
    ],
  },
  { name: 'label-tool', region: 'us-east4', since: '2024-11-18', requests: [] },
  { name: 'search-preview', region: 'europe-west4', since: '2025-08-13', requests: [] },
];

/** The services: one name in two regions, and two that nobody calls. */
export function sampleServices(): RunService[] {
  return SERVICES.map(({ name, region, since }) => ({ name, region, createdAt: startOfDay(since) }));
}

/** The requests of the days before `now` and today so far, told once an hour: fewer at night, and some hours without. */
export function sampleRequests(days: number, now: Date): RunRequests[] {
  const today = dayOf(now);
  return daysBetween(addDays(today, -days), today)
    .flatMap(requestsOf)
    .filter(({ at }) => at <= now);
}

/** The requests that are told of within a span. */
export function requestsWithin({ from, to }: Span): RunRequests[] {
  return daysBetween(dayOf(from), dayOf(to))
    .flatMap(requestsOf)
    .filter(({ at }) => at > from && at <= to);
}

function requestsOf(day: Day): RunRequests[] {
  const roll = dice(`requests of ${day}`);
  const told: RunRequests[] = [];
  for (const { name: service, region, requests } of SERVICES)
    for (let hour = 0; hour < 24; hour += 1) {
      const at = new Date(startOfDay(day).getTime() + hour * HOUR_MS + 30 * MINUTE_MS);
      // 1 at noon, a fifth at midnight.
      const share = 0.6 - 0.4 * Math.cos((hour / 12) * Math.PI);
      for (const [responseClass, atNoon] of requests) {
        const count = Math.round((atNoon * share * roll.between(40, 160)) / 100);
        if (count > 0) told.push({ service, region, responseClass, at, count });
      }
    }
  return told;
}
