import {
  type DailyMetrics,
  daySchema,
  type MetricSource,
  type ProjectRow,
  type SourceState,
} from '../../../../functions/shared/model/day/day.ts';

const GIB = 2 ** 30;
const at = (text: string) => new Date(`${text}Z`);
const NO_FAULTS = {
  skewed: [],
  malformed: [],
  unmapped: [],
  totals: { skewed: 0, malformed: 0, unmapped: 0 },
};
const HOLDS = { status: 'holds', expected: 1, actual: 1 } as const;

/** How a source stands that answered on the morning after, unless told otherwise. */
export function sourceState(over: Partial<SourceState> = {}): SourceState {
  return {
    status: 'ok',
    durationMs: 900,
    error: null,
    collectedAt: at('2026-11-22T02:00:00'),
    failingSince: null,
    settledSince: at('2026-11-22T02:00:00'),
    fingerprint: 'x',
    ...over,
  };
}

/** The states of every source, all ok but for `over`. */
export function sourceStates(over: Partial<Record<MetricSource, SourceState>> = {}): DailyMetrics['sources'] {
  const names = ['jobs', 'etl', 'storage', 'bigquery', 'cloudRun', 'database'] as const;
  return { ...Object.fromEntries(names.map((name) => [name, sourceState()])), ...over };
}

/** 21 November with every section there is, as the store would give it. */
export function fullDay(over: Partial<DailyMetrics> = {}): DailyMetrics {
  return daySchema.parse({
    date: '2026-11-21',
    status: 'provisional',
    revision: 1,
    collectedAt: at('2026-11-22T02:00:00'),
    settledSince: at('2026-11-22T02:00:00'),
    finalAt: null,
    jobs: { started: 15, completed: 15, failed: 3, cancelled: 0, neverStarted: 1, inFlight: 14 },
    gpu: { hoursUsed: 507.0123456789, hoursCompleted: 409.4, hoursAccrued: 1_000.25 },
    etl: { started: 74, completed: 72, failed: 2, cancelled: 0, neverStarted: 0, inFlight: 1 },
    storage: {
      buckets: 8,
      bytes: 12_300 * GIB,
      objects: 1_204_331,
      softDeletedBytes: 310 * GIB,
      perBucket: [
        { bucket: 'sample-artifacts', bytes: 9_100 * GIB, objects: 801_220, softDeletedBytes: 0 },
        { bucket: 'sample-datasets', bytes: 3_000 * GIB, objects: 403_110, softDeletedBytes: 0 },
        { bucket: 'sample-logs', bytes: 200 * GIB, objects: 1, softDeletedBytes: 0 },
        { bucket: 'sample-scratch', bytes: 0, objects: 0, softDeletedBytes: 310 * GIB },
      ],
      more: 0,
      missing: [],
    },
    bigquery: {
      tables: 31,
      bytes: 812.4 * GIB,
      jobsCompleted: 41,
      jobsFailed: 2,
      perDataset: [{ dataset: 'features', tables: 30, bytes: 800 * GIB }],
      more: 1,
      missing: [],
    },
    cloudRun: {
      services: 6,
      activeServices: 2,
      requests: 120_311,
      perService: [
        {
          service: 'predict',
          region: 'europe-west4',
          requests: { '2xx': 117_000, '4xx': 2_100, '5xx': 211 },
        },
        { service: 'predict', region: 'us-central1', requests: { '2xx': 1_000 } },
      ],
      more: 0,
      missing: [],
    },
    database: {
      firestore: {
        bytes: 1.2 * GIB,
        documents: null,
        collections: 9,
        perDatabase: [{ database: '(default)', bytes: 1.2 * GIB }],
      },
      cloudSql: {
        instances: 2,
        bytes: 88 * GIB,
        tables: null,
        perInstance: [
          { instance: 'registry', bytes: 80 * GIB },
          { instance: 'mlflow', bytes: 8 * GIB },
        ],
      },
      more: 0,
      missing: [],
    },
    sources: sourceStates(),
    checks: { inFlight: HOLDS, hoursUsed: HOLDS, ...NO_FAULTS, etl: { inFlight: HOLDS, ...NO_FAULTS } },
    conflict: null,
    members: 90,
    projects: ['fraud', 'protein-folding', 'vision'],
    runId: 'x',
    ...over,
  });
}

/** A row of a project with this name; the name says whatever a record says. */
export function projectRow(project: string, over: Partial<ProjectRow> = {}): ProjectRow {
  return {
    project,
    jobs: { started: 9, completed: 8, failed: 1, cancelled: 0, neverStarted: 0, inFlight: 2 },
    gpu: { hoursUsed: 203, hoursCompleted: 200, hoursAccrued: 5 },
    artifactBytes: 1.5 * 1024 * GIB,
    ...over,
  };
}
