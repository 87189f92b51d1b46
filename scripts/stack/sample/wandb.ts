import { addMs, MINUTE_MS, SECOND_MS } from '../../../functions/shared/dates.ts';
import type { CustomJob } from '../stand-ins/google/world.ts';
import type { WandbRun, WandbWorld } from '../stand-ins/wandb/world.ts';
import { runIdOf } from './custom-jobs.ts';

/** The projects at Weights & Biases that the sample looks at. */
export const WANDB = { entity: 'acme', projects: ['image-search', 'speech-notes'] };

/** Minutes before now at which a run began and sent its last beat; `null` before the first, 0 while it beats. */
interface SampleRun extends Pick<WandbRun, 'state' | 'lines'> {
  id: string;
  title: string;
  began: number;
  beat: number | null;
}

/** Runs that no custom job is, one of each state and more of those that say why they ended. */
const RUNS: SampleRun[] = [
  { id: 'q3v8x1za', title: 'golden-wind-41', state: 'running', began: 95, beat: 0, lines: [] },
  { id: 'h5t2m9kc', title: 'silent-moss-40', state: 'running', began: 240, beat: 4, lines: [] },
  { id: 'b8n4w6rd', title: 'sweep-lr-17', state: 'pending', began: 2, beat: null, lines: [] },
  { id: 'y1p7s3ge', title: 'dashing-frog-39', state: 'preempting', began: 310, beat: 0, lines: [] },
  { id: 'c6d9f2jv', title: 'lucky-river-38', state: 'finished', began: 500, beat: 410, lines: ['epoch 12'] },
  {
    id: 'k4z5l8xt',
    title: 'brisk-cloud-37',
    state: 'failed',
    began: 620,
    beat: 601,
    lines: [
      'Epoch 3/12',
      'Traceback (most recent call last):',
      '  File "/app/train.py", line 212, in <module>',
      '    loss.backward()',
      'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.',
    ],
  },
  { id: 'm2r6u7wb', title: 'wild-dawn-36', state: 'crashed', began: 700, beat: 655, lines: [] },
  { id: 'e9g1h3np', title: 'calm-lake-35', state: 'killed', began: 820, beat: 790, lines: ['epoch 2'] },
  { id: 'f7j4q2ys', title: 'spot-ridge-34', state: 'preempted', began: 900, beat: 866, lines: ['epoch 5'] },
];

/** The runs at `now`; of two custom jobs W&B hears nothing any more, of which one still runs and one has failed. */
export function sampleWandb(customJobs: readonly CustomJob[], now: Date): WandbWorld {
  const ago = (minutes: number) => addMs(now, -minutes * MINUTE_MS);
  const [image = '', speech = ''] = WANDB.projects;
  const runs = RUNS.map(({ id, title, state, began, beat, lines }): WandbRun => {
    const heartbeatAt = beat === null ? null : beat === 0 ? 'now' : ago(beat);
    return { name: id, displayName: title, state, createdAt: ago(began), heartbeatAt, lines };
  });
  const running = customJobs.findLast(({ state }) => state === 'JOB_STATE_RUNNING');
  const [failed] = customJobs
    .filter(({ state, error }) => state === 'JOB_STATE_FAILED' && error !== null)
    .sort((a, b) => (b.endedAt?.getTime() ?? 0) - (a.endedAt?.getTime() ?? 0));
  return {
    projects: [
      { entity: WANDB.entity, name: image, runs },
      {
        entity: WANDB.entity,
        name: speech,
        runs: [
          ...(running ? [crashedRun(running, 'quiet-harbor-12', ago(9))] : []),
          ...(failed?.endedAt
            ? [crashedRun(failed, 'noble-ember-11', addMs(failed.endedAt, -20 * SECOND_MS))]
            : []),
        ],
      },
    ],
  };
}

function crashedRun({ id, createdAt }: CustomJob, displayName: string, heartbeatAt: Date): WandbRun {
  return { name: runIdOf(id), displayName, state: 'crashed', createdAt, heartbeatAt, lines: [] };
}
