import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DocumentSnapshot, Firestore, type Query } from '@google-cloud/firestore';
import catalogJson from '../../functions/catalog.json' with { type: 'json' };
import { addMs, MINUTE_MS } from '../../functions/shared/dates.ts';
import { readEnvironment } from '../../functions/shared/environment.ts';
import type { Source } from '../../functions/shared/model/job/source.ts';
import { loadSettings, type Settings } from '../../functions/shared/settings.ts';
import { StackProblem } from '../shared/problem.ts';
import type { CustomJob } from '../stack/stand-ins/google/world.ts';
import { activeJobs, customJobs, STALE_AFTER_MINUTES } from './active-jobs.ts';
import { HEAP_MEGABYTES } from './bench.ts';
import type { Ending, RecordToEnd } from './ending-writers.ts';
import { writeJobs } from './job-history.ts';
import type { Served } from './served-function.ts';

/** Written at once; more would only fill this process. */
const CHUNK = 10_000;
const TASK = 'sweep-stale-jobs';
/** An interval has to pass before silence is believed: the shortest that there is. */
const EVERY_MINUTE = { schedule: '* * * * *', startGraceSeconds: 30 };
/** What the end of a job changes in its record. */
const CHANGED = ['status', 'endedAt', 'updatedAt', 'error', 'nightshift'];

/** So many jobs run, and so many of those are stale. */
export interface Size {
  active: number;
  stale: number;
}

/** How a sweep differs from another one: whether it writes, and who is asked about the jobs. */
export interface Sweeping {
  mode?: Source['mode'];
  backend?: Source['backend'];
  baseUrls?: Settings['baseUrls'];
}

/** A project of its own in the emulator, whose stale jobs are ended again and again. */
export interface SweptProject {
  db: Firestore;
  size: Size;

  /** Writes all jobs. */
  fill(progress: (text: string) => void): Promise<void>;

  /** Returns how to serve the sweep that is bundled in `folder`, for this project. */
  served(folder: string, sweeping?: Sweeping): Served;

  /** Returns the stale jobs as Vertex AI has them, each of which runs. */
  customJobs(): CustomJob[];

  /** Returns how a sweep ended each stale job, by the job's id, so that others can write the same. */
  endings(): Promise<Map<string, Ending>>;

  /** Returns the query for the stale jobs by their age, which reads no more of each than needed. */
  silent(): Query;

  /** Makes the stale jobs run again, silent as before; returns them, to be ended so. */
  runAgain(endings: ReadonlyMap<string, Ending>): Promise<RecordToEnd[]>;
}

export function sweptProject(host: string, project: string, { active, stale }: Size): SweptProject {
  const settings = loadSettings(readEnvironment({}));
  const { jobs } = settings.sources;
  if (!jobs) throw new StackProblem('Cannot bench sweep: functions/settings.json has no source "jobs"');
  const sweep = { ...jobs.sweep, staleAfterMinutes: STALE_AFTER_MINUTES };
  const source: Source = { ...jobs, sweep };
  const db = new Firestore({ projectId: project, host, ssl: false });
  const now = new Date();
  const place = { host, project, source };
  const records = db.collection(source.collection);

  return {
    db,
    size: { active, stale },

    async fill(progress) {
      for (let from = 0; from < active; from += CHUNK) {
        progress(`${from.toLocaleString('en')} of ${active.toLocaleString('en')} jobs written`);
        await writeJobs(activeJobs(now, from, Math.min(from + CHUNK, active), stale), place);
      }
    },

    served(folder, { mode = 'enforce', backend, baseUrls = {} } = {}) {
      const file = join(folder, `${project}-${mode}-${backend?.kind ?? 'none'}.json`);
      const sources = { jobs: { ...source, mode, backend } };
      writeFileSync(file, JSON.stringify({ ...settings, baseUrls, sources }));
      const catalog = join(folder, `${project}-catalog.json`);
      writeFileSync(
        catalog,
        JSON.stringify({ ...catalogJson, [TASK]: { ...catalogJson[TASK], ...EVERY_MINUTE } }),
      );
      const env = {
        FIRESTORE_EMULATOR_HOST: host,
        GOOGLE_CLOUD_PROJECT: project,
        NIGHTSHIFT_SETTINGS: file,
        NIGHTSHIFT_CATALOG: catalog,
        NODE_OPTIONS: `--max-heap-size=${HEAP_MEGABYTES}`,
      };
      return { folder, entryPoint: 'sweepStaleJobs', env };
    },

    customJobs: () => customJobs(now, stale),

    async endings() {
      const { docs } = await records.where('status', '==', 'failed').get();
      assert.equal(docs.length, stale, 'The sweep ended others than the stale jobs');
      const endingOf = (document: DocumentSnapshot) =>
        Object.fromEntries(CHANGED.map((field) => [field, document.get(field)]));
      return new Map(docs.map((document) => [document.id, endingOf(document)]));
    },

    silent() {
      const cutOff = addMs(now, -STALE_AFTER_MINUTES * MINUTE_MS);
      const { status, heartbeatAt } = source.fields;
      assert.ok(heartbeatAt, 'The jobs of the bench beat');
      return records.where(status, '==', 'running').where(heartbeatAt.path, '<', cutOff).select(status);
    },

    async runAgain(endings) {
      const stales = activeJobs(now, 0, stale, stale);
      // As new records, of which no sweep remembers an end: one that is written again is no longer silent for a while.
      const writer = db.bulkWriter({ throttling: false });
      for (const { id } of stales) void writer.delete(records.doc(id));
      await writer.close();
      await db.doc('sweepMarks/jobs').update({ ended: [] });
      const times = await writeJobs(stales, place);
      return stales.flatMap(({ id }, index) => {
        const [updateTime, ending] = [times[index], endings.get(id)];
        return updateTime && ending ? [{ ref: records.doc(id), updateTime, ending }] : [];
      });
    },
  };
}
