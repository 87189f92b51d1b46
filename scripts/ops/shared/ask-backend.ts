import type { Backend } from '../../../functions/shared/cloud/backends/backend.ts';
import { openBackend } from '../../../functions/shared/cloud/backends/open-backend.ts';
import { readVariable } from '../../../functions/shared/environment.ts';
import { InvalidConfiguration } from '../../../functions/shared/errors.ts';
import { BACKENDS, type BackendSettings, type Truth } from '../../../functions/shared/model/job/backend.ts';
import { isTerminal, type JobRecord, readJob } from '../../../functions/shared/model/job/job.ts';
import type { Source } from '../../../functions/shared/model/job/source.ts';
import { knewAt, sweepCheckpointSchema } from '../../../functions/shared/model/job/sweep-checkpoint.ts';
import { shell } from '../../shared/shell.ts';
import { plural, stamp } from '../../words/figures.ts';
import { apiOf } from './api-of.ts';
import { CannotCheck, type Finding } from './check.ts';
import { type Connection, SILENT } from './connect.ts';

/** Whether what runs the jobs of a source answers, and knows them. */

export type BackendFinding = Omit<Finding, 'what'>;

/** How many of the newest jobs are asked about. Made-up ids would not do: their form may be refused. */
const ASKED = 5;

/** Asks the backend of the source `name` about some of its jobs. Throws CannotCheck where nothing can be asked from here. */
export async function askBackend(
  name: string,
  source: Source,
  settings: BackendSettings,
  records: readonly JobRecord[],
  connection: Connection,
): Promise<BackendFinding> {
  const jobs = records.map((record) => readJob(source, record)).filter(({ backendId }) => backendId !== null);
  // Active jobs first: the backend may have forgotten those that ended.
  const [ended, active] = [
    jobs.filter(({ state }) => isTerminal(state)),
    jobs.filter(({ state }) => !isTerminal(state)),
  ];
  const ids = new Set([...active, ...ended].flatMap(({ backendId }) => backendId ?? []));
  if (ids.size === 0) throw new CannotCheck(`none of ${plural(records.length, 'record')} names a job there`);
  const backend = openBackendOf(settings, connection);
  const sweep = { signal: new AbortController().signal, now: connection.clock.now };
  const truths = await backend.truthsOf([...ids].slice(0, ASKED), sweep);
  const known = {
    name: backend.name,
    settings,
    knewAt: await lastKnown(name, backend.fingerprint, connection),
  };
  return judgeBackend(truths, known);
}

/** Judges a backend by its answers about some jobs, the newest first. */
export function judgeBackend(
  truths: ReadonlyMap<string, Truth>,
  { name, settings, knewAt }: { name: string; settings: BackendSettings; knewAt: Date | null },
): BackendFinding {
  const answers = [...truths.values()];
  const failed = answers.filter(({ state, unreadable }) => state === 'unknown' || unreadable !== null);
  const [first] = failed;
  if (first) {
    const share =
      failed.length < answers.length ? `of ${failed.length} of ${plural(answers.length, 'job')}: ` : '';
    return {
      state: 'wrong',
      words: `${share}${first.said}`,
      mend: first.unreadable ? FIX_OF_TIME : undefined,
    };
  }
  const known = answers.find(({ state }) => state !== 'gone');
  if (known) return { state: 'ok', words: known.said };
  const [id] = truths.keys();
  const words = `${name} answers, and knows none of ${plural(answers.length, 'job')}, such as ${id}`;
  if (knewAt) return { state: 'ok', words: `${words}; it knew one ${stamp(knewAt)}` };
  if (answers.every(({ placed }) => placed === 'named')) return { state: 'unknown', words };
  return {
    state: 'wrong',
    words: `${words}, nor any before: until it has, no job is ended because it does not know it`,
    mend: `${fixOfPlace(settings)}; if these jobs are only long gone, ask again once one runs`,
  };
}

const FIX_OF_TIME =
  'set how that time is written, such as {"path": "end_time", "type": "millis"} for endedAt of the backend';

function fixOfPlace(settings: BackendSettings): string {
  if (settings.kind === 'http') return 'see whether the url of the backend is right';
  const { shape } = BACKENDS[settings.kind].settings;
  const given: Record<string, unknown> = settings;
  const missing = ['googleProject', 'region'].filter((key) => key in shape && given[key] === undefined);
  return `name ${missing.join(' and ')} for the backend, or store the full names of jobs`;
}

/** Opens the backend of those settings, with the operator's credentials. Throws CannotCheck where its secret is not set here. */
export function openBackendOf(
  settings: BackendSettings,
  connection: Pick<Connection, 'target' | 'settings'>,
): Backend {
  try {
    const { env } = shell();
    const variable = (name: string) => readVariable(name, env);
    return openBackend(settings, { apiOf: apiOf(connection), variable, log: SILENT });
  } catch (error) {
    // Its secret belongs to the function, and is seldom set here.
    if (error instanceof InvalidConfiguration) throw new CannotCheck(error.message);
    throw error;
  }
}

/** Returns when the sweep last found that the backend knew a job. */
async function lastKnown(
  name: string,
  fingerprint: string,
  { ask, collections }: Pick<Connection, 'ask' | 'collections'>,
): Promise<Date | null> {
  const { decode } = await import('../../../functions/shared/store/firestore/firestore.ts');
  const found = await ask(`reading the marks of ${name}`, collections.sweepMarks.doc(name).get());
  return found.exists ? knewAt(decode(sweepCheckpointSchema, found), fingerprint) : null;
}
