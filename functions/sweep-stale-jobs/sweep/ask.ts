import type { Backend } from '../../shared/cloud/backends/backend.ts';
import { pooledMap } from '../../shared/concurrency.ts';
import type { Truth } from '../../shared/model/job/backend.ts';
import type { Job } from '../../shared/model/job/job.ts';
import { sightingOf } from '../../shared/model/job/sighting.ts';
import type { Execution, Suspect } from '../../shared/model/job/sweep.ts';
import { knewAt, type SweepCheckpoint } from '../../shared/model/job/sweep-checkpoint.ts';
import type { ReadOptions } from '../../shared/store/firestore/read-options.ts';
import type { ActiveJobStore } from '../../shared/store/sources/active-jobs.ts';
import { tooManyGone } from '../rules/guard.ts';
import { latest } from '../rules/liveness.ts';
import { suspectOf } from '../rules/suspicion.ts';
import { needsWitness, witnessOf } from '../rules/witness.ts';
import type { Candidate } from '../scan/scan.ts';

const JOBS_AT_ONCE = 16;

/** What is asked about suspects with. */
export interface AskTools {
  store: ActiveJobStore;
  backend: Backend | null;
  marks: SweepCheckpoint;
  options: ReadOptions & { signal: AbortSignal };
  now: () => Date;
  /** The run that sweeps. */
  runId: string;
}

/** A suspect with all that is known of it. */
export interface Known {
  found: Candidate;
  suspect: Suspect;
}

/** What asking about some suspects came to. */
export interface Asked {
  /** In the order they were found. */
  known: Known[];
  /** Suspects that nobody can read all of, and why. */
  unreadable: { path: string; error: unknown }[];
}

/** Who asks about the suspects of one sweep of a source, as they are found. */
export function asker(tools: AskTools) {
  const { marks, backend } = tools;
  const sightings = new Map(marks.sightings.map((it) => [it.path, it]));
  const known = backend !== null && knewAt(marks, backend.fingerprint) !== null;
  const told = new Map<string, Truth>();

  return {
    /** Asks about each of them: its executions, or its job; and its backend, unless that told an end already. */
    async about(some: readonly Candidate[]): Promise<Asked> {
      const asked = await readAround(some, tools);
      for (const { found, suspect } of asked.known) {
        suspect.sighting = sightingOf(sightings.get(found.seen.path), suspect.job, suspect.writtenAt);
        suspect.truth = suspect.sighting?.truth ?? null;
      }
      await askBackend(asked.known, told, tools);
      for (const { suspect } of asked.known) {
        const { backendId } = suspect.job;
        suspect.truth ??= told.get(backendId ?? '') ?? null;
        suspect.jobTruth = backendId === null ? (told.get(suspect.parent?.backendId ?? '') ?? null) : null;
        suspect.backendKnown = known;
      }
      return asked;
    },

    /**
     * Where those can only be believed once the backend has told of a job that there is one, and it has not, asks about
     * one that shows life. Returns why none could be found, or `null`.
     */
    async findWitness(gone: readonly Known[]): Promise<unknown> {
      const suspects = gone.map(({ suspect }) => suspect);
      if (!backend || !needsWitness(suspects, known || knewAny(told.values()) !== null)) return null;
      const { store, options, now } = tools;
      try {
        const lively = await store.lively(now(), options);
        const jobs = lively.map(({ job }) => job);
        const id = witnessOf(jobs, told);
        if (id === null) return null;
        for (const [name, truth] of await backend.truthsOf([id], { signal: options.signal, now }))
          told.set(name, truth);
        return null;
      } catch (error) {
        options.signal.throwIfAborted();
        return error;
      }
    },

    /**
     * Where the backend says of too many of all that there is no such job, it says nothing of those any more; where it has
     * told of any that there is one, it is asked in the right place.
     */
    doubt(gone: readonly Known[]): void {
      const why = tooManyGone(told.values());
      const knows = known || knewAny(told.values()) !== null;
      for (const { suspect } of gone) {
        suspect.backendKnown = knows;
        if (why === null) continue;
        suspect.truth = doubted(suspect.truth, why);
        suspect.jobTruth = doubted(suspect.jobTruth, why);
      }
    },

    /** When the backend last told of a job of this source that there is one; `null` where it did not in this sweep. */
    knewAt: (): Date | null => knewAny(told.values()),
  };
}

/** A 404 that is not believed, and why. */
function doubted(truth: Truth | null, why: string): Truth | null {
  if (truth?.state !== 'gone') return truth;
  return { ...truth, state: 'unknown', said: `${truth.said}; but ${why}` };
}

/** When the last of those was told that say of a job that there is one. */
function knewAny(truths: Iterable<Truth>): Date | null {
  const known = [...truths].filter(({ state }) => state !== 'gone' && state !== 'unknown');
  return latest(known.map(({ askedAt }) => askedAt));
}

/** The jobs of executions, the executions of jobs; one that cannot be read costs only itself. */
async function readAround(some: readonly Candidate[], { store, options, runId }: AskTools): Promise<Asked> {
  const { source, executions } = store;
  const paths = some.flatMap(({ isExecution, seen }) => (isExecution ? seen.path : []));
  const parents = executions ? await executions.jobsOf(paths, options) : new Map<string, Job>();
  const unreadable: Asked['unreadable'] = [];
  const known = await pooledMap(some, JOBS_AT_ONCE, async (found) => {
    const { seen, isExecution } = found;
    try {
      const { job, writtenAt, rewrittenAt } = seen;
      const reading = { job, writtenAt, rewrittenAt, isExecution };
      const suspect = suspectOf(reading, source, parents.get(seen.path) ?? null);
      if (executions && !isExecution)
        suspect.executions = (await executions.of(seen.path, options)).map((it) => beforeRun(it, runId));
      return { found, suspect };
    } catch (error) {
      options.signal.throwIfAborted();
      unreadable.push({ path: seen.path, error });
      return undefined;
    }
  });
  return { known: known.filter((it) => it !== undefined), unreadable };
}

/** What this very sweep has ended says nothing yet: whoever knows better has until the next one. */
function beforeRun(execution: Execution, runId: string): Execution {
  return execution.added.evidence?.runId === runId ? { ...execution, state: 'running' } : execution;
}

async function askBackend(
  some: readonly Known[],
  told: Map<string, Truth>,
  { backend, options, now }: AskTools,
): Promise<void> {
  if (!backend) return;
  const ids = some.flatMap(({ suspect: { job, parent, truth } }) =>
    truth ? [] : (job.backendId ?? parent?.backendId ?? []),
  );
  const unasked = [...new Set(ids)].filter((id) => !told.has(id));
  if (unasked.length === 0) return;
  const truths = await backend.truthsOf(unasked, { signal: options.signal, now });
  for (const [id, truth] of truths) told.set(id, truth);
}
