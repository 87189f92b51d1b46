import type { JobHealth } from '../../shared/model/job/sweep.ts';
import type { Alarm } from '../../shared/model/run/alarm.ts';
import type { Health } from '../../shared/model/run/health.ts';
import { healthReport, outdatedAt } from '../../shared/model/run/health-report.ts';
import { HEALTH_STATES, type HealthState, INSTANTS } from '../../shared/model/run/health-state.ts';
import type { HealthAnswer, SourceHealth, StatusAnswer, TaskAnswer } from '../api/schemas.ts';
import { alarmAnswer } from './alarm-answer.ts';
import { type Duty, taskAnswer, worstTasksFirst } from './task-answer.ts';

/** What the deployment says of itself, and what it looks after. */
export interface Platform {
  instance: string;
  deployment: StatusAnswer['deployment'];
  sources: readonly { source: string; mode: 'observe' | 'enforce' }[];
}

/** The records of a status, and what cannot be read of them. */
export interface StatusRecordsRead {
  health: ReadonlyMap<string, Health>;
  alarms: readonly Alarm[];
  blocks: readonly JobHealth[];
  /** Why the last run of a task was partial, by task. */
  partial: ReadonlyMap<string, string>;
  unreadable: readonly { path: string; message: string }[];
}

/** What a status is made from. */
export interface StatusFacts {
  duties: readonly Duty[];
  /** How often the sweep looks; `null` where it is not enabled. */
  sweepEveryMs: number | null;
  platform: Platform;
  records: StatusRecordsRead;
  now: Date;
}

/** How everything stands. A record that cannot be read is wrong, too: unreadable is not absent. */
export function statusAnswer(facts: StatusFacts): StatusAnswer {
  const { duties, sweepEveryMs, platform, records, now } = facts;
  const tasks = worstTasksFirst(
    duties.map((duty) =>
      taskAnswer(duty, records.health.get(duty.task), now, {
        partialBecause: records.partial.get(duty.task),
        unreadable: records.unreadable.find(({ path }) => path.endsWith(`tasks/${duty.task}`))?.message,
      }),
    ),
  );
  const blocks = blocksOf(platform, records.blocks);
  const report = healthReport({ tasks, alarms: records.alarms, blocks, sweepEveryMs, now }, INSTANTS);
  const wrong = [...report.wrong, ...records.unreadable.map(({ path }) => `${path} cannot be read`)];
  return {
    instance: platform.instance,
    deployment: platform.deployment,
    verdict: { ok: wrong.length === 0, words: verdictLine(tasks), wrong },
    tasks,
    counts: {
      tasks: countsOf(tasks),
      running: tasks.filter(({ running }) => running).length,
      openAlarms: records.alarms.length,
    },
    alarms: report.alarms.map((alarm) => alarmAnswer(alarm, now)),
    sources: platform.sources.map(({ source, mode }) =>
      sourceHealth(source, mode, blocks.get(source), sweepEveryMs),
    ),
  };
}

/** The words of a platform's health endpoint, over all sources. */
export function healthAnswer({ sources, verdict }: StatusAnswer): HealthAnswer {
  const isKnown = sources.length > 0 && sources.every(({ at }) => at !== null);
  const sum = (of: (source: SourceHealth) => number | null) =>
    isKnown ? sources.reduce((total, source) => total + (of(source) ?? 0), 0) : null;
  const oldest = sources.flatMap(({ at }) => at ?? []).sort()[0] ?? null;
  return {
    status: isKnown ? (verdict.ok ? 'healthy' : 'unhealthy') : 'unknown',
    metrics: {
      running_executions: sum(({ running }) => running),
      scheduled_executions: sum(({ scheduled }) => scheduled),
      long_running_executions: sum(({ longRunning }) => longRunning),
      recent_executions_24h: sum(({ recent24h }) => recent24h),
      stale_executions: sum(({ stale }) => stale),
      timestamp: isKnown ? oldest : null,
    },
    wrong: verdict.wrong,
    sources,
  };
}

/** Such as "2 failing, 1 late, 3 OK": the worst first, for a title. */
export function verdictLine(tasks: readonly Pick<TaskAnswer, 'state'>[]): string {
  const counts = countsOf(tasks);
  const words = HEALTH_STATES.flatMap((state) => {
    const count = state === 'disabled' ? 0 : (counts[state] ?? 0);
    return count > 0 ? [`${count} ${state === 'ok' ? 'OK' : state}`] : [];
  });
  return words.join(', ') || 'no task is enabled';
}

function countsOf(tasks: readonly Pick<TaskAnswer, 'state'>[]): Partial<Record<HealthState, number>> {
  const counts: Partial<Record<HealthState, number>> = {};
  for (const { state } of tasks) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

function blocksOf(
  { sources }: Platform,
  blocks: readonly JobHealth[],
): ReadonlyMap<string, JobHealth | undefined> {
  return new Map(sources.map(({ source }) => [source, blocks.find((block) => block.source === source)]));
}

function sourceHealth(
  source: string,
  mode: SourceHealth['mode'],
  block: JobHealth | undefined,
  sweepEveryMs: number | null,
): SourceHealth {
  const { running, suspended, scheduled, longRunning, recent24h, stale, unknown } = block ?? {};
  const { watched, falseLost, reports } = block ?? {};
  return {
    source,
    mode,
    at: block?.at.toISOString() ?? null,
    running: running ?? null,
    suspended: suspended ?? null,
    scheduled: scheduled ?? null,
    longRunning: longRunning ?? null,
    recent24h: recent24h ?? null,
    stale: stale ?? null,
    unknown: unknown ?? null,
    watched: watched ?? null,
    falseLost: falseLost ?? null,
    reports: reports ? { ...reports, lastAcceptedAt: reports.lastAcceptedAt.toISOString() } : null,
    staleAt: block && sweepEveryMs !== null ? outdatedAt(block.at, sweepEveryMs).toISOString() : null,
  };
}
