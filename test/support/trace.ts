import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sized } from './soak.ts';

/**
 * The public trace of a GPU cluster that the figures are proved on (Alibaba's cluster-trace-gpu-v2023), and a generated
 * one of the same form for a clone that has no copy of it. Times are whole seconds since the trace began.
 */

const TRACE_COLUMNS = [
  'name',
  'cpu_milli',
  'memory_mib',
  'num_gpu',
  'gpu_milli',
  'gpu_spec',
  'qos',
  'pod_phase',
  'creation_time',
  'deletion_time',
  'scheduled_time',
] as const;

/** A row as it stands in the file: text, empty where there is none. */
export type TraceRow = Record<(typeof TRACE_COLUMNS)[number], string>;

/** The days of the public trace. */
export const TRACE_DAYS = 151;
const DAY_SECONDS = 86_400;

/** The path of the real trace: NIGHTSHIFT_TRACE, or in a soak beside the project; `undefined` when there is none. */
export function findTrace(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = env.NIGHTSHIFT_TRACE;
  if (named && !existsSync(named))
    throw new Error(`Cannot find the trace that NIGHTSHIFT_TRACE names: ${named}`);
  const beside = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'openb_pod_list_default.csv');
  return named || (sized(0, 1) && existsSync(beside) ? beside : undefined);
}

/** The rows of a trace; its values hold no commas and no quotes. */
export function parseTrace(csv: string): TraceRow[] {
  const [header = '', ...lines] = csv.trimEnd().split(/\r?\n/);
  if (header !== TRACE_COLUMNS.join(',')) throw new Error(`Cannot read a trace with the header ${header}`);
  return lines.map((line) => {
    const values = line.split(',');
    return Object.fromEntries(
      TRACE_COLUMNS.map((column, index) => [column, values[index] ?? '']),
    ) as TraceRow;
  });
}

/** The rows as a file. */
export function traceText(rows: readonly TraceRow[]): string {
  return [
    TRACE_COLUMNS.join(','),
    ...rows.map((row) => TRACE_COLUMNS.map((it) => row[it]).join(',')),
    '',
  ].join('\n');
}

type Course = { phase: string; created: number; scheduled?: number; deleted?: number };

/** How a job of the generated trace may go, given dice; dirt of every kind that records are known to have. */
const COURSES: ((dice: Dice) => Course)[] = [
  ({ moment, span }) => lasting('Running', moment(), span(9 * DAY_SECONDS)),
  ({ moment, span }) => lasting('Running', moment(), span(DAY_SECONDS)),
  ({ moment, span }) => lasting('Succeeded', moment(), span(DAY_SECONDS)),
  ({ moment, span }) => lasting('Failed', moment(), span(3_600)),
  ({ moment, span }) => lasting('Succeeded', moment(), span(40 * DAY_SECONDS)),
  // Ended, or failed, before it ever started.
  ({ moment, span }) => ended('Pending', moment(), span(DAY_SECONDS)),
  ({ moment, span }) => ended('Failed', moment(), span(600)),
  // Still running when the trace was taken.
  ({ moment }) => ({ ...lasting('Active', moment(), 0), deleted: NaN }),
  // From or to midnight on the second.
  ({ midnight, span }) => {
    const end = midnight();
    const begin = Math.max(0, end - span(3 * DAY_SECONDS));
    return { phase: 'Succeeded', created: begin, scheduled: begin, deleted: end };
  },
  ({ midnight, span }) => lasting('Succeeded', midnight(), span(DAY_SECONDS)),
  // Began and ended in the same second.
  ({ moment }) => lasting('Failed', moment(), 0),
  // A clock that was set back: ended before it started, also days before.
  ({ moment, span }) => {
    const begin = moment();
    return {
      phase: 'Failed',
      created: begin,
      scheduled: begin,
      deleted: Math.max(0, begin - span(2 * DAY_SECONDS)),
    };
  },
  // Terminal, but nobody wrote down when.
  ({ moment }) => ({ ...lasting('Failed', moment(), 0), deleted: NaN }),
  ({ moment }) => ({ phase: 'Pending', created: moment() }),
];

/** A trace of `count` rows over `days`, the same for the same numbers of `random`, with every course in it. */
export function generateTrace(random: () => number, count: number, days: number): TraceRow[] {
  const below = (limit: number) => Math.floor(random() * limit);
  const dice: Dice = {
    moment: () => below((days - 1) * DAY_SECONDS),
    midnight: () => (1 + below(days - 2)) * DAY_SECONDS,
    span: (limit) => 1 + below(limit),
  };
  const seconds = (value: number | undefined) =>
    value === undefined || Number.isNaN(value) ? '' : String(Math.min(value, days * DAY_SECONDS - 1));
  return Array.from({ length: count }, (_, index) => {
    const course = COURSES[index % COURSES.length] as (typeof COURSES)[number];
    const { phase, created, scheduled, deleted } = course(dice);
    return {
      name: `made-pod-${String(index).padStart(4, '0')}`,
      cpu_milli: '4000',
      memory_mib: '8192',
      num_gpu: String([0, 1, 1, 1, 2, 4, 8][below(7)]),
      gpu_milli: '1000',
      gpu_spec: '',
      qos: 'LS',
      pod_phase: phase,
      creation_time: seconds(created),
      deletion_time: seconds(deleted),
      scheduled_time: seconds(scheduled),
    };
  });
}

interface Dice {
  moment(): number;
  midnight(): number;
  /** From 1 to `limit` seconds. */
  span(limit: number): number;
}

function lasting(phase: string, begin: number, seconds: number): Course {
  return { phase, created: begin, scheduled: begin, deleted: begin + seconds };
}

function ended(phase: string, created: number, seconds: number): Course {
  return { phase, created, deleted: created + seconds };
}
