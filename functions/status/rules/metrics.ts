import { HEALTH_STATES } from '../../shared/model/run/health-state.ts';
import type { DayAnswer, StatusAnswer } from '../api/schemas.ts';

/**
 * The figures of a status as OpenMetrics text. They are computed from records, so every instance answers the same; each
 * has its instant beside it, so that a value which does not move any more is seen to be old.
 */

interface Sample {
  labels?: Record<string, string>;
  /** `null` is left out: unknown is not zero. */
  value: number | null;
}

interface Family {
  name: string;
  /** The samples of a counter have `_total` behind their name. */
  type: 'gauge' | 'stateset' | 'unknown' | 'counter';
  unit?: string;
  help: string;
  samples: Sample[];
}

/** The text of all families; `day` is the newest day that is stored. */
export function metricsText(status: StatusAnswer, day: DayAnswer | null): string {
  const lines = [...taskFamilies(status), ...sourceFamilies(status), ...dayFamilies(day)].flatMap(linesOf);
  return `${[...lines, '# EOF'].join('\n')}\n`;
}

function taskFamilies({ tasks, alarms }: StatusAnswer): Family[] {
  const each = (of: (task: StatusAnswer['tasks'][number]) => number | null): Sample[] =>
    tasks.map((task) => ({ labels: { task: task.task }, value: of(task) }));
  const byKind = Map.groupBy(alarms, ({ kind }) => kind);
  return [
    {
      name: 'nightshift_task_state',
      type: 'stateset',
      help: 'How each task stands: 1 for its state.',
      samples: tasks.flatMap(({ task, state }) =>
        HEALTH_STATES.map((one) => ({
          labels: { task, nightshift_task_state: one },
          value: state === one ? 1 : 0,
        })),
      ),
    },
    {
      name: 'nightshift_task_last_success_timestamp_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'When each task last succeeded.',
      samples: each(({ lastSuccessAt }) => secondsOf(lastSuccessAt)),
    },
    {
      name: 'nightshift_task_next_expected_timestamp_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'When each task is due next.',
      samples: each(({ nextExpectedAt }) => secondsOf(nextExpectedAt)),
    },
    {
      name: 'nightshift_task_last_duration_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'How long the last whole run of each task took.',
      samples: each(({ lastDurationMs }) => (lastDurationMs === null ? null : lastDurationMs / 1000)),
    },
    {
      name: 'nightshift_task_consecutive_failures',
      type: 'gauge',
      help: 'Failures of each task in a row.',
      samples: each(({ consecutiveFailures }) => consecutiveFailures),
    },
    {
      name: 'nightshift_alarms_open',
      type: 'gauge',
      help: 'Open alarms by kind.',
      samples: [...byKind].map(([kind, some]) => ({ labels: { kind }, value: some.length })),
    },
  ];
}

function sourceFamilies({ sources }: StatusAnswer): Family[] {
  const each = (of: (source: StatusAnswer['sources'][number]) => number | null): Sample[] =>
    sources.map((source) => ({ labels: { source: source.source }, value: of(source) }));
  return [
    {
      name: 'nightshift_jobs',
      type: 'gauge',
      help: 'Active jobs of each source by state, as the last sweep found them.',
      samples: sources.flatMap(({ source, running, suspended, scheduled }) =>
        Object.entries({ running, suspended, queued: scheduled }).map(([state, value]) => ({
          labels: { source, state },
          value,
        })),
      ),
    },
    {
      name: 'nightshift_jobs_stale',
      type: 'gauge',
      help: 'Jobs of each source that are silent or over their limits.',
      samples: each(({ stale }) => stale),
    },
    {
      name: 'nightshift_jobs_swept',
      type: 'gauge',
      help: 'Jobs that sweeps of the last day ended.',
      samples: each(({ watched }) => watched),
    },
    {
      name: 'nightshift_jobs_false_lost',
      type: 'gauge',
      help: 'Jobs that sweeps of the last day ended wrongly.',
      samples: each(({ falseLost }) => falseLost),
    },
    {
      name: 'nightshift_reports_accepted',
      type: 'counter',
      help: 'Reports of jobs that were accepted.',
      samples: each(({ reports }) => reports?.accepted ?? null),
    },
    {
      name: 'nightshift_false_lost',
      type: 'counter',
      help: 'Jobs that a sweep called lost and whose execution told how they really ended.',
      samples: each(({ reports }) => reports?.falseLost ?? null),
    },
    {
      name: 'nightshift_reports_last_accepted_timestamp_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'When a report of each source was last accepted, as of the last sweep.',
      samples: each(({ reports }) => reports && secondsOf(reports.lastAcceptedAt)),
    },
    {
      name: 'nightshift_job_health_timestamp_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'When a sweep last looked at each source.',
      samples: each(({ at }) => secondsOf(at)),
    },
  ];
}

function dayFamilies(day: DayAnswer | null): Family[] {
  if (!day) return [];
  const { completed = null, failed = null, cancelled = null } = day.jobs ?? {};
  return [
    {
      name: 'nightshift_day_jobs',
      type: 'gauge',
      help: 'Jobs that ended on the newest stored day, by outcome.',
      samples: Object.entries({ completed, failed, cancelled }).map(([outcome, value]) => ({
        labels: { outcome },
        value,
      })),
    },
    {
      name: 'nightshift_day_timestamp_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'The first instant of that day.',
      samples: [{ value: secondsOf(`${day.date}T00:00:00.000Z`) }],
    },
  ];
}

function linesOf({ name, type, unit, help, samples }: Family): string[] {
  const known = samples.filter(({ value }) => value !== null);
  if (known.length === 0) return [];
  return [
    `# TYPE ${name} ${type}`,
    ...(unit ? [`# UNIT ${name} ${unit}`] : []),
    `# HELP ${name} ${help}`,
    ...known.map(({ labels = {}, value }) => {
      const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
      return `${name}${type === 'counter' ? '_total' : ''}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`;
    }),
  ];
}

function secondsOf(instant: string | null): number | null {
  return instant === null ? null : new Date(instant).getTime() / 1000;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
