import type { Backend } from '../cloud/backends/backend.ts';
import { pooledMap } from '../concurrency.ts';
import type { Truth } from '../model/job/backend.ts';
import type { Job } from '../model/job/job.ts';
import { sightingOf } from '../model/job/sighting.ts';
import type { Execution, Suspect } from '../model/job/sweep.ts';
import { type EndedRecord, knewAt, type SweepCheckpoint } from '../model/job/sweep-checkpoint.ts';
import { tooManyGone } from '../model/job/verdict/guard.ts';
import { latest } from '../model/job/verdict/liveness.ts';
import { suspectOf } from '../model/job/verdict/suspicion.ts';
import { needsWitness, witnessOf } from '../model/job/verdict/witness.ts';
import type { Channel } from '../model/report/channel-reading.ts';
import type { ReadOptions } from '../store/firestore/read-options.ts';
import type { ActiveJobStore } from '../store/sources/active-jobs.ts';
import type { Candidate, RecordFailure } from './candidate.ts';

const JOBS_AT_ONCE = 16;

/** Where candidates are looked up: their source, its backend, and what sweeps before remember. */
export interface AskTools {
  store: Pick<ActiveJobStore, 'source' | 'executions' | 'lively'>;
  backend: Backend | null;
  checkpoint: SweepCheckpoint;
  /** Whether reports of the source arrive; `null` where it takes none. */
  channel: Channel | null;
  options: ReadOptions & { signal: AbortSignal };
  now: () => Date;
  /** The run that sweeps. */
  runId: string;
}

/** A candidate, and all that was found out about it. */
export interface Known {
  candidate: Candidate;
  suspect: Suspect;
}

/** What asking about some candidates came to. */
export interface Asked {
  /** In the order they were found. */
  known: Known[];
  /** Candidates of which not everything can be read, and why. */
  unreadable: RecordFailure[];
}

/** Finds out about the candidates of one sweep of a source: each name at the backend is asked for once. */
export interface Asker {
  /** Reads a job's executions, or an execution's job; and asks the backend; in `observe` not once it told how it ended. */
  about(candidates: readonly Candidate[]): Promise<Asked>;
  /**
   * Asks about a job that shows life, where 404s can only be believed once the backend has known any job, and it has not.
   * Returns the error for which no such job could be found or asked about; `null` where there was none.
   */
  findWitness(gone: readonly Known[]): Promise<unknown>;
  /**
   * The same candidates, their 404s taken back where the backend gave too many of them at once; with whether the backend
   * has known any job by now, which shows that it is asked in the right place.
   */
  doubted(gone: readonly Known[]): Known[];
  /** When the backend last knew a job of this source; `null` where it did not in this sweep. */
  knewAt(): Date | null;
}

/** An asker for one sweep of a source. */
export function asker(tools: AskTools): Asker {
  const { checkpoint, backend, channel } = tools;
  const sightings = new Map(checkpoint.sightings.map((sighting) => [sighting.path, sighting]));
  const ended = new Map(checkpoint.ended.map((record) => [record.path, record]));
  const knewBefore = backend !== null && knewAt(checkpoint, backend.fingerprint) !== null;
  const told = new Map<string, Truth>();
  const isObserved = tools.store.source.mode === 'observe';
  const knowsAny = () => knewBefore || lastKnown(told.values()) !== null;

  return {
    async about(candidates) {
      const { known, unreadable } = await readAround(candidates, tools);
      const remembered = known.map(({ candidate, suspect }) => {
        const { job, writtenAt } = suspect;
        const sighting = sightingOf(sightings.get(candidate.seen.path), job, writtenAt);
        // What is written was asked for in this very sweep: what had ended may have been begun again.
        const truth = (isObserved && sighting?.truth) || null;
        const endedBefore = endedBeforeOf(job, ended.get(candidate.seen.path));
        return { candidate, suspect: { ...suspect, channel, sighting, truth, endedBefore } };
      });
      for (const [id, truth] of await newAnswers(remembered, told, tools)) told.set(id, truth);
      return {
        known: remembered.map(({ candidate, suspect }) => ({
          candidate,
          suspect: { ...withAnswers(suspect, told), backendKnown: knewBefore },
        })),
        unreadable,
      };
    },

    async findWitness(gone) {
      const suspects = gone.map(({ suspect }) => suspect);
      if (!backend || !needsWitness(suspects, knowsAny())) return null;
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

    doubted(gone) {
      const why = tooManyGone(told.values());
      const backendKnown = knowsAny();
      return gone.map(({ candidate, suspect }) => ({
        candidate,
        suspect: {
          ...suspect,
          backendKnown,
          truth: unlessDoubted(suspect.truth, why),
          jobTruth: unlessDoubted(suspect.jobTruth, why),
        },
      }));
    },

    knewAt: () => lastKnown(told.values()),
  };
}

/** A suspect with what the backend said of it, or of the job whose execution it is. */
function withAnswers(suspect: Suspect, told: ReadonlyMap<string, Truth>): Suspect {
  const { job, parent, truth } = suspect;
  const answerOf = (id: string | null | undefined) => told.get(id ?? '') ?? null;
  return {
    ...suspect,
    truth: truth ?? answerOf(job.backendId),
    jobTruth: job.backendId === null ? answerOf(parent?.backendId) : null,
  };
}

/** A 404 that is not believed becomes an answer that says nothing. */
function unlessDoubted(truth: Truth | null, why: string | null): Truth | null {
  if (why === null || truth?.state !== 'gone') return truth;
  return { ...truth, state: 'unknown', said: `${truth.said}; but ${why}` };
}

/** When the last answer came that a job exists. One that names no state may be an error that came as a success. */
function lastKnown(truths: Iterable<Truth>): Date | null {
  const known = [...truths].filter(
    ({ state, assumed }) => state !== 'gone' && state !== 'unknown' && !assumed,
  );
  return latest(known.map(({ askedAt }) => askedAt));
}

/** When sweeps remember to have ended the very try that a record shows, of which it says nothing any more; else `null`. */
function endedBeforeOf({ startedAt, added }: Job, ended: EndedRecord | undefined): Date | null {
  if (!ended || added.evidence || startedAt?.getTime() !== ended.startedAt?.getTime()) return null;
  // A person may have taken it back.
  return added.earlier.some(({ runId }) => runId === ended.runId) ? null : ended.endedAt;
}

/** Reads the jobs of executions and the executions of jobs; one that cannot be read costs only its candidate. */
async function readAround(
  candidates: readonly Candidate[],
  { store, options, runId }: AskTools,
): Promise<Asked> {
  const { source, executions } = store;
  const paths = candidates.flatMap(({ isExecution, seen }) => (isExecution ? seen.path : []));
  const parents = executions ? await executions.jobsOf(paths, options) : new Map<string, Job>();
  const unreadable: RecordFailure[] = [];
  const known = await pooledMap(candidates, JOBS_AT_ONCE, async (candidate) => {
    const { seen, isExecution } = candidate;
    const { job, path, writtenAt, rewrittenAt } = seen;
    try {
      const reading = { job, writtenAt, rewrittenAt, isExecution };
      const suspect = suspectOf(reading, source, parents.get(path) ?? null);
      if (!executions || isExecution) return { candidate, suspect };
      const below = await executions.of(path, options);
      return { candidate, suspect: { ...suspect, executions: below.map((one) => beforeRun(one, runId)) } };
    } catch (error) {
      options.signal.throwIfAborted();
      unreadable.push({ path, error });
      return undefined;
    }
  });
  return { known: known.filter((one) => one !== undefined), unreadable };
}

/** What this very sweep has ended says nothing yet: whoever knows better has until the next one. */
function beforeRun(execution: Execution, runId: string): Execution {
  return execution.added.evidence?.runId === runId ? { ...execution, state: 'running' } : execution;
}

/** Asks the backend for every name that `told` does not hold yet. */
async function newAnswers(
  known: readonly Known[],
  told: ReadonlyMap<string, Truth>,
  { backend, options, now }: AskTools,
): Promise<ReadonlyMap<string, Truth>> {
  const ids = known.flatMap(({ suspect: { job, parent, truth } }) =>
    truth ? [] : (job.backendId ?? parent?.backendId ?? []),
  );
  const unasked = [...new Set(ids)].filter((id) => !told.has(id));
  if (!backend || unasked.length === 0) return new Map();
  return backend.truthsOf(unasked, { signal: options.signal, now });
}
