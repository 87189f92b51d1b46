import { addMs, MINUTE_MS } from '../../../functions/shared/dates.ts';
import type { Build, Execution, LogLine, PlatformWorld } from '../stand-ins/google/world.ts';
import { TRAINING_REGION } from './custom-jobs.ts';

/** Builds, and executions of a job that launches others, with an end of each kind and a log of each kind. */

/** Where the sample's workloads run. */
export const WORKLOAD_REGIONS = [TRAINING_REGION, 'us-east4', 'europe-west4'];

/** The job that launches training jobs. */
export const RUNNER_JOB = 'launch-agent';

/** Minutes before now at which something began and ended; `null` while it goes on. */
interface Span {
  began: number;
  ended: number | null;
}

interface SampleBuild extends Span, Pick<Build, 'status' | 'detail'> {
  image: string;
  log: string[];
}

interface SampleExecution extends Span, Pick<Execution, 'state' | 'message'> {
  id: string;
  log: string[];
}

const FAILING_STEP =
  'Build step failure: build step 1 "gcr.io/cloud-builders/docker" failed: step exited with non-zero status: 1';

const BUILDS: SampleBuild[] = [
  { image: 'trainer:v42', status: 'WORKING', detail: null, began: 4, ended: null, log: [] },
  { image: 'scorer:v9', status: 'QUEUED', detail: null, began: 1, ended: null, log: [] },
  { image: 'trainer:v41', status: 'SUCCESS', detail: null, began: 95, ended: 83, log: [] },
  {
    image: 'labeler:v7',
    status: 'FAILURE',
    detail: FAILING_STEP,
    began: 140,
    ended: 133,
    log: [
      'Step #0: Already have image (with digest): gcr.io/cloud-builders/gcloud',
      'Step #1: Collecting torch==2.9.9',
      'Step #1: ERROR: Could not find a version that satisfies the requirement torch==2.9.9 (from versions: 2.7.0, 2.8.0)',
      'Step #1: ERROR: No matching distribution found for torch==2.9.9',
      'ERROR',
      'ERROR: build step 1 "gcr.io/cloud-builders/docker" failed: step exited with non-zero status: 1',
    ],
  },
  { image: 'indexer:v3', status: 'TIMEOUT', detail: null, began: 400, ended: 390, log: ['TIMEOUT'] },
  { image: 'scorer:v8', status: 'CANCELLED', detail: null, began: 700, ended: 698, log: [] },
];

const EXECUTIONS: SampleExecution[] = [
  { id: 'q7x2k', state: 'running', began: 12, ended: null, log: ['📊 Runs: 1'] },
  { id: 'b4m9d', state: 'pending', began: 1, ended: null, log: [] },
  {
    id: 'lt2pd',
    state: 'succeeded',
    began: 75,
    ended: 44,
    log: [
      '✅ Job submitted to Vertex AI! (Runs: 1)',
      '✅ Job submitted to Vertex AI! (Runs: 3)',
      '   • Runs: 3',
    ],
  },
  { id: 'h8s5w', state: 'succeeded', began: 160, ended: 129, log: ['Runner alive: 1800s lifetime, Runs: 0'] },
  {
    id: 'n3c6z',
    state: 'failed',
    began: 200,
    ended: 191,
    log: [
      'wandb: launch: Launching run into acme/segmenter',
      'wandb: ERROR launch: Error running job: 429 The following quota metrics exceed quota limits: aiplatform.googleapis.com/custom_model_training_nvidia_l4_gpus',
      '🚨 FATAL ERROR DETECTED: Quota exceeded!',
      '❌ Killing agent (PID: 14) - quota limit reached',
    ],
  },
  {
    id: 'v5r1t',
    state: 'failed',
    message:
      'Task launch-agent-v5r1t-task0 failed with exit code: 0 and message: The configured memory limit was reached.',
    began: 260,
    ended: 243,
    log: [],
  },
  {
    id: 'k9f4g',
    state: 'failed',
    began: 330,
    ended: 321,
    log: [
      'Traceback (most recent call last):',
      '  File "/app/agent.py", line 88, in <module>',
      '    main(load(sys.argv[1]))',
      '  File "/app/agent.py", line 15, in load',
      "    return config['shard']",
      "KeyError: 'shard'",
      'Container called exit(1).',
    ],
  },
  { id: 'z2j7y', state: 'failed', began: 420, ended: 419, log: [] },
  { id: 'p6w8e', state: 'cancelled', began: 500, ended: 480, log: ['Stop requested'] },
];

/** The workloads at `now`, and what they have logged. */
export function sampleWorkloads(now: Date): Pick<PlatformWorld, 'builds' | 'executions' | 'logs'> {
  const ago = (minutes: number) => addMs(now, -minutes * MINUTE_MS);
  const lifeOf = ({ began, ended }: Span, isWaiting: boolean) => ({
    createdAt: ago(began),
    startedAt: isWaiting ? null : addMs(ago(began), 5_000),
    endedAt: ended === null ? null : ago(ended),
  });
  /** A line a second, the last at the end. */
  const atOf = ({ ended }: Span, count: number, index: number) =>
    addMs(ago(ended ?? 1), (index - count) * 1_000);

  const regionOf = (index: number) => WORKLOAD_REGIONS[index % WORKLOAD_REGIONS.length] as string;
  const builds = BUILDS.map((it, index): Build & Pick<SampleBuild, 'log'> => ({
    id: `5a1e0b${index}c-77d2-4c39-9e51-0f3b7a6d1c0${index}`,
    region: index < 2 ? 'global' : regionOf(index),
    status: it.status,
    detail: it.detail,
    images: [`us-docker.pkg.dev/acme/images/${it.image}`],
    ...lifeOf(it, it.status === 'QUEUED'),
    log: it.log,
  }));
  const executions = EXECUTIONS.map(
    (it, index): Execution => ({
      id: `${RUNNER_JOB}-${it.id}`,
      job: RUNNER_JOB,
      region: regionOf(index),
      state: it.state,
      ...(it.message === undefined ? {} : { message: it.message }),
      ...lifeOf(it, it.state === 'pending'),
    }),
  );
  const logs = [
    ...BUILDS.flatMap((it, index) =>
      it.log.map(
        (payload, line): LogLine => ({
          build: builds[index]?.id ?? '',
          at: atOf(it, it.log.length, line),
          severity: 'INFO',
          payload,
        }),
      ),
    ),
    ...EXECUTIONS.flatMap((it, index) =>
      it.log.map(
        (payload, line): LogLine => ({
          execution: `${RUNNER_JOB}-${it.id}`,
          job: RUNNER_JOB,
          region: regionOf(index),
          at: atOf(it, it.log.length, line),
          severity: 'INFO',
          payload,
        }),
      ),
    ),
  ];
  return { builds, executions, logs };
}
