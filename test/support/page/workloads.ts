import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../functions/shared/dates.ts';
import {
  type WorkloadAnswer,
  type WorkloadsAnswer,
  type WorkloadTableAnswer,
  workloadsAnswerSchema,
} from '../../../functions/status/api/workload-schemas.ts';

/** Answers about workloads for the tests of the page, parsed by the schema of the API. */

type Row = Pick<WorkloadAnswer, 'name' | 'state'> & Partial<WorkloadAnswer>;

const REGIONS = ['europe-west4', 'us-central1', 'us-east4'];
const PLATFORM = 'https://console.cloud.google.com';

/** Five tables at `now`, while they are refreshed: one region of Vertex AI gives no answer, and no build runs. */
export function workloadsAt(now: Date): WorkloadsAnswer {
  const ago = (ms: number) => new Date(now.getTime() - ms).toISOString();
  const row = ({ name, state, ...more }: Row): WorkloadAnswer => ({
    id: name,
    region: 'us-central1',
    name,
    job: null,
    state,
    said: state.toUpperCase(),
    createdAt: ago(2 * HOUR_MS),
    startedAt: state === 'queued' ? null : ago(2 * HOUR_MS),
    endedAt: ['running', 'queued'].includes(state) ? null : ago(HOUR_MS),
    silentSince: null,
    wandbRun: null,
    ourJob: null,
    reason: null,
    note: null,
    jobs: null,
    link: `${PLATFORM}/run/${name}`,
    ...more,
  });
  const region = (name: string) => ({
    region: name,
    state: 'ok' as const,
    asOf: ago(20 * SECOND_MS),
    error: null,
    since: null,
    more: false,
  });
  const table = (
    name: WorkloadTableAnswer['table'],
    title: string,
    rows: WorkloadAnswer[],
  ): WorkloadTableAnswer => ({
    table: name,
    title,
    place: 'region',
    rows,
    counts: Object.fromEntries(
      [...Map.groupBy(rows, ({ state }) => state)].map(([state, { length }]) => [state, length]),
    ),
    regions: REGIONS.map(region),
    asOf: ago(20 * SECOND_MS),
    complete: true,
    tookMs: 900,
    slowest: null,
  });
  const reason = (line: string, category: string) => ({ line, category, source: 'log', rule: 'test' });
  const runner = table('runner', 'Runner', [
    row({ name: 'agent-b4m9d', state: 'queued', job: 'agent', createdAt: ago(65 * SECOND_MS) }),
    row({ name: 'agent-q7x2k', state: 'running', job: 'agent', startedAt: ago(725 * SECOND_MS) }),
    row({
      name: 'agent-lt2pd',
      ourJob: { source: 'agents', id: 'night-12' },
      state: 'completed',
      jobs: 3,
      reason: reason('Completed: 3 jobs', 'success'),
    }),
    row({
      name: 'agent-h8s5w',
      state: 'completed',
      jobs: 0,
      reason: reason('Completed: 0 jobs', 'success'),
    }),
    row({
      name: 'agent-n3c6z',
      state: 'failed',
      reason: reason(
        '429 The following quota metrics exceed quota limits: custom_model_training_nvidia_l4_gpus',
        'quota',
      ),
    }),
    row({ name: 'agent-w1t4y', state: 'failed', note: 'log not read: 403 logging.logEntries.list' }),
    ...['a', 'b', 'c', 'd'].map((letter) =>
      row({ name: `agent-old-${letter}`, state: 'failed', reason: reason("KeyError: 'shard'", 'python') }),
    ),
  ]);
  const vertex = table('vertex', 'Vertex AI', [
    row({
      id: '990',
      name: 'train-vision',
      ourJob: { source: 'training', id: 'job-1005' },
      region: 'europe-west4',
      state: 'running',
      startedAt: ago(2.5 * HOUR_MS),
    }),
    row({ id: '77', name: 'train-speech', region: 'us-east4', state: 'running', startedAt: ago(HOUR_MS) }),
  ]);
  const wandb = { region: 'acme/vision', link: 'https://wandb.ai/acme/vision/runs/r1' };
  const ofVision = (one: WorkloadTableAnswer): WorkloadTableAnswer => ({
    ...one,
    place: 'project',
    regions: [region('acme/vision')],
  });
  const completed = table('completed', 'W&B completed', [
    row({
      ...wandb,
      name: 'noble-ember-11',
      state: 'failed',
      said: 'crashed',
      reason: reason('crashed: CUDA out of memory (Vertex)', 'oom'),
    }),
  ]);
  const active = table('active', 'W&B active', [
    row({
      ...wandb,
      name: 'silent-moss-40',
      state: 'running',
      said: 'running',
      silentSince: ago(4 * MINUTE_MS),
    }),
  ]);
  const regions = vertex.regions.map((it) =>
    it.region === 'us-east4'
      ? Object.assign({}, it, {
          state: 'failed' as const,
          asOf: ago(10 * MINUTE_MS),
          since: ago(9 * MINUTE_MS),
          error: 'no answer within 15 s, at connection',
        })
      : it,
  );
  return workloadsAnswerSchema.parse({
    tables: [
      table('builds', 'Builds', []),
      runner,
      ofVision(completed),
      ofVision(active),
      { ...vertex, regions, complete: false },
    ],
    refresh: {
      by: 'schedule',
      startedAt: ago(6 * SECOND_MS),
      liveUntil: ago(-84 * SECOND_MS),
      progress: {
        asked: 10,
        answered: 9,
        pending: [
          {
            table: 'vertex',
            operation: 'customJobs.list',
            region: 'us-east4',
            stage: 'connection',
            since: ago(5 * SECOND_MS),
          },
        ],
      },
      hung: [],
      slow: [],
    },
  } satisfies WorkloadsAnswer);
}

/** A deployment whose settings name no table. */
export function noWorkloads(): WorkloadsAnswer {
  return workloadsAnswerSchema.parse({ tables: [], refresh: null } satisfies WorkloadsAnswer);
}

/** `answer` with `names` wherever a text of others is shown. */
export function workloadsNamed(answer: WorkloadsAnswer, names: readonly string[]): WorkloadsAnswer {
  const [like] = answer.tables.flatMap(({ rows }) => rows) as [WorkloadAnswer];
  const [first = ''] = names;
  const rows = names.map((name) => ({
    ...like,
    id: name,
    region: name,
    name,
    job: name,
    said: name,
    note: name,
    reason: { line: name, category: name, source: name, rule: name },
    link: `javascript:document.title='owned'//${name}`,
  }));
  const regions = names.map((region) => ({
    region,
    state: 'failed' as const,
    asOf: null,
    since: like.createdAt,
    error: region,
    more: true,
  }));
  const call = { table: first, operation: first, region: names.at(-1) ?? '', stage: first };
  return workloadsAnswerSchema.parse({
    tables: answer.tables.map((table) => ({ ...table, rows, regions })),
    refresh: {
      by: 'viewer',
      startedAt: like.createdAt ?? '',
      liveUntil: null,
      progress: null,
      hung: [{ ...call, since: like.createdAt ?? '' }],
      slow: [],
    },
  } satisfies WorkloadsAnswer);
}
