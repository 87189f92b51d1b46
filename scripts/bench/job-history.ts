import { Firestore, type Timestamp } from '@google-cloud/firestore';
import { DAY_MS, type Day, endOfDay, HOUR_MS, MINUTE_MS, startOfDay } from '../../functions/shared/dates.ts';
import type { Source } from '../../functions/shared/model/job/source.ts';
import type { SampleJob } from '../stack/sample/job.ts';
import { recordOf } from '../stack/sample/record.ts';

/** Jobs of the measured day, by what they do on it: a few hundred, as on a busy platform. */
const ON_THE_DAY = {
  within: 300,
  endingEarly: 40,
  startingLate: 30,
  across: 10,
  neverStarting: 10,
  running: 10,
};
/** History spreads over so many days before the measured one. */
const HISTORY_DAYS = 400;

/** Every job that touches `day`; the same ones whatever history lies before it. */
export function jobsOfDay(day: Day): SampleJob[] {
  const start = startOfDay(day).getTime();
  const end = endOfDay(day).getTime();
  const many = (kind: keyof typeof ON_THE_DAY, job: (index: number) => Partial<SampleJob>) =>
    Array.from({ length: ON_THE_DAY[kind] }, (_, index) => jobOf(`${kind}-${index}`, job(index)));
  return [
    ...many('within', (index) => lasting(start + index * 4 * MINUTE_MS, 3 * HOUR_MS)),
    ...many('endingEarly', (index) => lasting(start - index * MINUTE_MS - HOUR_MS, 3 * HOUR_MS)),
    ...many('startingLate', (index) => lasting(end - index * MINUTE_MS - 1, 4 * HOUR_MS)),
    ...many('across', (index) => lasting(start - (index + 1) * HOUR_MS, 2 * DAY_MS)),
    ...many('neverStarting', (index) => {
      const at = new Date(start + index * HOUR_MS);
      return { status: 'failed', createdAt: at, endedAt: at, updatedAt: at };
    }),
    ...many('running', (index) => {
      const at = new Date(start + index * HOUR_MS);
      return { status: 'running', createdAt: at, startedAt: at, heartbeatAt: at, updatedAt: at };
    }),
  ];
}

/** Jobs number `from` to `to` of the history: each lasted an hour and ended at least a day before `day`. */
export function history(day: Day, from: number, to: number): SampleJob[] {
  const latest = startOfDay(day).getTime() - DAY_MS - 2 * HOUR_MS;
  return Array.from({ length: to - from }, (_, index) => {
    // Steps that share no factor with the span: the hours of the days fill evenly, in whatever order they are written.
    const back = ((from + index) * 7_919_993) % (HISTORY_DAYS * DAY_MS);
    return jobOf(`history-${from + index}`, lasting(latest - back, HOUR_MS));
  });
}

/** Writes jobs as records of `source` into the emulator; returns when each was written. */
export async function writeJobs(
  jobs: SampleJob[],
  { host, project, source }: { host: string; project: string; source: Source },
): Promise<Timestamp[]> {
  // Named here, not left to the environment: made-up records must never reach a real project.
  const db = new Firestore({ projectId: project, host, ssl: false });
  // The ramp is kind to a real database that has to warm up, which an emulator has not.
  const writer = db.bulkWriter({ throttling: false });
  const written = jobs.map((job) =>
    writer.set(db.collection(source.collection).doc(job.id), recordOf(job, source)),
  );
  await writer.close();
  const results = await Promise.all(written);
  await db.terminate();
  return results.map(({ writeTime }) => writeTime);
}

function lasting(startMs: number, ms: number): Partial<SampleJob> {
  const startedAt = new Date(startMs);
  const endedAt = new Date(startMs + ms);
  return { createdAt: startedAt, startedAt, heartbeatAt: endedAt, endedAt, updatedAt: endedAt };
}

/** A job of a bench, which has ended unless `job` tells otherwise. */
export function jobOf(id: string, job: Partial<SampleJob>): SampleJob {
  return {
    id,
    project: 'bench',
    model: 'bench-model',
    status: 'completed',
    gpus: 2,
    createdAt: new Date(0),
    startedAt: null,
    heartbeatAt: null,
    endedAt: null,
    updatedAt: new Date(0),
    error: null,
    backendId: `projects/bench/locations/us-central1/customJobs/${id}`,
    artifactUri: `gs://bench-artifacts/${id}/`,
    artifactBytes: 1_000_000_000,
    ...job,
  };
}
