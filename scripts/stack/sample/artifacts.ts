import { addMs, HOUR_MS } from '../../../functions/shared/dates.ts';
import { readArtifactUri } from '../../../functions/shared/model/artifact/artifact.ts';
import type { ObjectOptions } from '../stand-ins/gcs/world.ts';
import { type Dice, dice } from './dice.ts';
import type { SampleJob } from './job.ts';

const CONFIG_BYTES = 2_300;

/** The objects that the sample jobs wrote while they ran: of those that completed as many bytes as their records say. */
export function sampleObjects(jobs: readonly SampleJob[]): ObjectOptions[] {
  return jobs.flatMap((job) => (job.startedAt ? objectsOf(job, job.startedAt) : []));
}

function objectsOf(job: SampleJob, startedAt: Date): ObjectOptions[] {
  const roll = dice(`objects of ${job.id}`);
  const { bucket, path } = homeOf(job);
  const last = job.endedAt ?? job.updatedAt ?? startedAt;
  const sizes = sizesOf(job, roll);
  const objects = sizes.map(([name, size], index): ObjectOptions => {
    const sinceStart = ((last.getTime() - startedAt.getTime()) * index) / sizes.length;
    const createdAt = addMs(startedAt, Math.floor(sinceStart));
    const held = name === job.heldObject ? { temporaryHold: true } : {};
    return { bucket, name: `${path}${name}`, size, createdAt, ...held };
  });
  if (job.lateObject === undefined) return objects;
  const createdAt = addMs(last, 30 * HOUR_MS);
  return [...objects, { bucket, name: `${path}${job.lateObject}`, size: roll.between(1e6, 9e6), createdAt }];
}

/** Where a job really wrote, also one whose record names a whole bucket. */
function homeOf({ artifactUri, project, id }: SampleJob): { bucket: string; path: string } {
  const read = readArtifactUri(artifactUri);
  const [folder] = read.ok ? read.place.folders : [];
  return folder ?? { bucket: 'sample-artifacts', path: `${project}/${id}/` };
}

/** Three to six objects, in the order in which they are written. */
function sizesOf({ artifactBytes, gpus, endedAt }: SampleJob, roll: Dice): [name: string, bytes: number][] {
  const metrics = roll.between(40_000, 900_000);
  // Before the bytes, so that the names are the same before and after the job's end.
  const steps = roll.between(1, 3);
  const all = artifactBytes ?? gpus * roll.between(60e6, 900e6);
  const rest = all - CONFIG_BYTES - metrics;
  const each = Math.floor(rest / (steps + 1));
  const checkpoints = Array.from({ length: steps }, (_, step): [string, number] => [
    `checkpoints/step-${step + 1}000.pt`,
    each,
  ]);
  const model: [string, number][] =
    artifactBytes === null ? [] : [['model.safetensors', rest - steps * each]];
  const told: [string, number][] = endedAt ? [['metrics.jsonl', metrics]] : [];
  return [['config.json', CONFIG_BYTES], ...checkpoints, ...told, ...model];
}
