import type { RunProblem, Summary } from '../shared/model/run/run.ts';
import type { OtherRefresh } from '../shared/model/workload/refresh.ts';
import type { Snapshot } from '../shared/model/workload/snapshot.ts';
import type { Refreshed } from './refresh/refresh.ts';

/** Problems of a run that are told one by one; 56 regions can be silent at once. */
const MOST_TOLD = 20;

/** The summary of a refresh, the tables by their names. */
export function summaryOf({ count, tables, hung, logs, jobs }: Refreshed): Summary {
  const { error: _, ...readings } = logs;
  return {
    workloadTables: Object.fromEntries(tables.map((snapshot) => [snapshot.table, tableSummary(snapshot)])),
    hung: hung.map(({ table, operation, region, stage }) => ({ table, operation, region, stage })),
    logs: readings,
    jobs: { found: jobs.found, read: jobs.read },
    refresh: count,
  };
}

/** The summary of a run that found another refresh under way, or just made: its duty is done by that. */
export function summaryOfOther({ by, startedAt, isUnderWay }: OtherRefresh): Summary {
  return { workloadTables: {}, refreshedElsewhere: { by, startedAt, isUnderWay } };
}

function tableSummary({ rows, counts, regions, asOf, tookMs, slowest }: Snapshot): Summary {
  const inState = (...states: string[]) =>
    Object.entries(regions).flatMap(([name, { state }]) => (states.includes(state) ? [name] : []));
  return {
    rows: rows.length,
    counts,
    answered: inState('ok').length,
    unanswered: inState('failed', 'skipped'),
    unavailable: inState('unavailable'),
    asOf,
    tookMs,
    slowest,
  };
}

/** What of a refresh came to nothing, the regions by name. */
export function problemsOf({ tables, logs, jobs, error }: Refreshed): RunProblem[] {
  const silent = tables.flatMap(({ table, regions }) =>
    Object.entries(regions).flatMap(([name, region]) =>
      region.state === 'failed' || region.state === 'skipped'
        ? [
            {
              path: `${table}/${name}`,
              message: `${region.error}; without an answer since ${region.since?.toISOString()}`,
            },
          ]
        : [],
    ),
  );
  const told = silent.slice(0, MOST_TOLD);
  const more = silent.slice(MOST_TOLD).map(({ path }) => path);
  return [
    ...(error === null ? [] : [{ path: '', message: error }]),
    ...told,
    ...(more.length > 0 ? [{ path: '', message: `Without an answer, too: ${more.join(', ')}` }] : []),
    ...jobs.silent.map(({ source, error: why }) => ({
      path: `sources.${source}`,
      message: `Cannot tell which workloads are its jobs: ${why}`,
    })),
    ...(logs.error === null
      ? []
      : [{ path: 'logs', message: `${logs.unreadable} not read, the first because of: ${logs.error}` }]),
  ];
}
