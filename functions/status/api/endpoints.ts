import { z } from 'zod';
import { ACTIVE_STATES } from '../../shared/model/job/states.ts';
import { OUTCOMES } from '../../shared/model/run/outcomes.ts';
import { TRIGGERS } from '../../shared/model/run/run.ts';
import { watchedSchema } from '../../shared/model/workload/watched.ts';
import { dateSchema, instantSchema } from './envelope.ts';
import { jobAnswerSchema } from './job-schemas.ts';
import {
  alarmAnswerSchema,
  dayAnswerSchema,
  healthAnswerSchema,
  runAnswerSchema,
  runLineSchema,
  statusSchema,
} from './schemas.ts';
import { workloadsAnswerSchema } from './workload-schemas.ts';

/** Every endpoint of the API: what it may be asked and what it answers. The document of the API is made from this. */

/** Of other years Firestore knows no instants. */
const YEARS = /^[12]\d{3}-/;
const EXPECTED = { error: 'a year from 1000 to 2999' };
const askedInstant = instantSchema.regex(YEARS, EXPECTED).optional();
const askedDate = dateSchema.regex(YEARS, EXPECTED).optional();
const after = z.string().min(1).max(1_000).optional();
const limitUpTo = (most: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,3}$/, { error: `a number from 1 to ${most}` })
    .transform(Number)
    .pipe(z.int().max(most))
    .default(25);

export const noQuery = z.strictObject({});

export const runsQuery = z.strictObject({
  outcome: z.enum(OUTCOMES).optional(),
  trigger: z.enum(TRIGGERS).optional(),
  since: askedInstant,
  after,
  limit: limitUpTo(100),
});
export type RunsQuery = z.infer<typeof runsQuery>;

export const alarmsQuery = z.strictObject({
  state: z.enum(['open', 'closed']).default('open'),
  after,
  limit: limitUpTo(100),
});
export type AlarmsQuery = z.infer<typeof alarmsQuery>;

export const daysQuery = z.strictObject({ from: askedDate, to: askedDate });
export type DaysQuery = z.infer<typeof daysQuery>;

export const jobsQuery = z.strictObject({
  source: z.string().min(1).max(200).optional(),
  state: z.enum(ACTIVE_STATES).optional(),
  project: z.string().min(1).max(500).optional(),
  /** Only jobs of which something is off. */
  stale: z.enum(['true', 'false']).default('false'),
  after,
  limit: limitUpTo(50),
});
export type JobsQuery = z.infer<typeof jobsQuery>;

/** One endpoint. */
interface Endpoint {
  /** Below the service's root; `{name}` stands for one segment. */
  path: string;
  /** Paths that answer the same, for clients of other platforms. */
  aliases: readonly string[];
  summary: string;
  query: z.ZodType;
  data: z.ZodType;
}

/** The endpoints by their names. */
export const ENDPOINTS = {
  status: {
    path: '/api/status',
    aliases: ['/api/scheduler/status'],
    summary: 'how everything stands: the verdict, the tasks, the open alarms, the sources',
    query: noQuery,
    data: statusSchema,
  },
  runs: {
    path: '/api/tasks/{task}/runs',
    aliases: ['/api/scheduler/tasks/{task}/runs'],
    summary: 'the runs of a task, the newest first',
    query: runsQuery,
    data: z.array(runLineSchema),
  },
  run: {
    path: '/api/runs/{runId}',
    aliases: [],
    summary: 'one run whole, with its stack',
    query: noQuery,
    data: runAnswerSchema,
  },
  alarms: {
    path: '/api/alarms',
    aliases: [],
    summary: 'the open alarms, the worst first; or the closed ones, those closed last first',
    query: alarmsQuery,
    data: z.array(alarmAnswerSchema),
  },
  days: {
    path: '/api/days',
    aliases: [],
    summary: 'the figures of each day, the oldest first; of the last 30 whole days unless asked for others',
    query: daysQuery,
    data: z.array(dayAnswerSchema),
  },
  health: {
    path: '/api/health',
    aliases: ['/api/system/health'],
    summary: 'how the jobs stand, as the last sweep found them',
    query: noQuery,
    data: healthAnswerSchema,
  },
  jobs: {
    path: '/api/jobs',
    aliases: ['/api/system/executions/running'],
    summary: 'active jobs: the record beside what is true',
    query: jobsQuery,
    data: z.array(jobAnswerSchema),
  },
  job: {
    path: '/api/jobs/{source}/{id}',
    aliases: [],
    summary: 'one job, also one that has ended: the record beside what is true',
    query: noQuery,
    data: jobAnswerSchema,
  },
  workloads: {
    path: '/api/workloads',
    aliases: [],
    summary: 'what runs on the platform outside the records, and why what ended has failed',
    query: noQuery,
    data: workloadsAnswerSchema,
  },
} as const satisfies Record<string, Endpoint>;

/** The one that is asked by POST: it changes no record by itself, and has the workload tables refreshed. */
export const REFRESH = {
  path: '/api/workloads/refresh',
  summary: 'has the workload tables refreshed for whoever looks, and waits for that: at most once in 25 s',
  query: noQuery,
  data: watchedSchema,
};

export type EndpointName = keyof typeof ENDPOINTS;
export const ENDPOINT_NAMES = Object.keys(ENDPOINTS) as EndpointName[];

/** The endpoint that a path names, with its decoded segments by name; `undefined` for no path of ours. */
export function endpointOf(
  path: string,
): { name: EndpointName; segments: Record<string, string> } | undefined {
  const given = path.replace(/\/$/, '').split('/');
  for (const name of ENDPOINT_NAMES) {
    const { path: own, aliases } = ENDPOINTS[name];
    for (const template of [own, ...aliases]) {
      const segments = segmentsOf(template.split('/'), given);
      if (segments) return { name, segments };
    }
  }
  return undefined;
}

function segmentsOf(
  template: readonly string[],
  given: readonly string[],
): Record<string, string> | undefined {
  if (template.length !== given.length) return undefined;
  const segments: [string, string][] = [];
  for (const [index, part] of template.entries()) {
    const value = given[index] ?? '';
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) {
      if (part !== value) return undefined;
      continue;
    }
    const decoded = decodedOf(value);
    if (decoded === undefined || decoded === '') return undefined;
    segments.push([name, decoded]);
  }
  return Object.fromEntries(segments);
}

function decodedOf(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
