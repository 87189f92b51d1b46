import type { Clock } from '../../shared/clock.ts';
import type { Backend } from '../../shared/cloud/backends/backend.ts';
import { SECOND_MS } from '../../shared/dates.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Suspect } from '../../shared/model/job/sweep.ts';
import type { SweepCheckpoint } from '../../shared/model/job/sweep-checkpoint.ts';
import { conclusionAt } from '../../shared/model/job/verdict/taken-back.ts';
import type { Channel } from '../../shared/model/report/channel-reading.ts';
import type { Problem } from '../../shared/problems.ts';
import type { Tally } from '../../shared/store/firestore/read-options.ts';
import type { ActiveJobStore } from '../../shared/store/sources/active-jobs.ts';
import type { SeenJob } from '../../shared/store/sources/active-records.ts';
import { type Asker, asker, type Known } from '../../shared/truth/ask.ts';
import type { Candidate } from '../../shared/truth/candidate.ts';
import type { JobAnswer } from '../api/job-schemas.ts';
import type { Keeper } from '../cache/keep.ts';
import { inOneWait } from '../cache/kept-backend.ts';
import { jobAnswer } from '../rules/job-answer.ts';

const LIMIT_MS = 6 * SECOND_MS;

/** A source of jobs as viewers see it. */
export interface StatusSource {
  store: ActiveJobStore;
  /** A kept one, which never lets a viewer wait; `null` where the source has none. */
  backend: Backend | null;
  /** What the sweep that ended then remembers of the source. */
  checkpoint: (sweptAt: string) => Keeper<SweepCheckpoint>;
  /** Whether reports of it arrive; `null` where it takes none. */
  channel: Keeper<Channel | null> | null;
}

/** Records of a source, and the executions below them as they were read; those are read when they are first asked for. */
export interface AskedRecords {
  source: StatusSource;
  seen: SeenJob[];
  below: Map<string, ReturnType<NonNullable<ActiveJobStore['executions']>['of']>>;
}

/** What judging goes by. */
export interface Judging {
  clock: Clock;
  /** When the last sweep ended; empty where that is not known. */
  sweptAt: () => Promise<string>;
}

/** Jobs beside what is true of them. */
export interface JudgedJobs {
  rows: JobAnswer[];
  problems: Problem[];
}

/**
 * Judges jobs as a sweep at this instant would: by its own rules, by what it remembers, and by what the backend says now.
 * One that cannot be judged costs only itself.
 */
export async function judged(
  records: AskedRecords,
  { clock, sweptAt }: Judging,
  tally: Tally,
): Promise<JudgedJobs> {
  const { source, seen } = records;
  if (seen.length === 0) return { rows: [], problems: [] };
  const { store } = source;
  const options = { tally, signal: AbortSignal.timeout(LIMIT_MS) };
  const checkpoint = (await source.checkpoint(await sweptAt())()).value;
  const asking = asker({
    store: { ...store, executions: keptExecutions(records) },
    backend: source.backend && inOneWait(source.backend),
    checkpoint,
    channel: source.channel && (await source.channel()).value,
    options,
    now: clock.now,
    runId: '',
  });
  const { known, unreadable } = await asking.about(seen.map(candidateOf));
  const suspects = await withGoneDoubted(known, asking);
  const now = clock.now();
  const conclude = conclusionAt(now);
  const named = { kind: store.source.backend?.kind ?? null, name: source.backend?.name ?? null };
  return {
    rows: suspects.map((suspect) => jobAnswer(suspect, conclude(suspect), named, now)),
    problems: unreadable.map(({ path, error }) => ({
      path,
      message: `Cannot judge it: ${messageOf(error)}`,
    })),
  };
}

/** The suspects, where a backend knows no such job as far as a sweep would believe that. */
async function withGoneDoubted(known: readonly Known[], asking: Asker): Promise<Suspect[]> {
  const isGone = ({ truth, jobTruth }: Suspect) => truth?.state === 'gone' || jobTruth?.state === 'gone';
  const gone = known.filter(({ suspect }) => isGone(suspect));
  // What cannot be asked is no witness: then the sweep does not believe it, either.
  if (gone.length > 0) await asking.findWitness(gone);
  const doubted = new Map(
    asking.doubted(gone).map(({ candidate, suspect }) => [candidate.seen.path, suspect]),
  );
  return known.map(({ candidate, suspect }) => doubted.get(candidate.seen.path) ?? suspect);
}

/** The executions of the source, each job's read once for as long as its record is kept. */
function keptExecutions({ source, below }: AskedRecords): ActiveJobStore['executions'] {
  const { executions } = source.store;
  if (!executions) return null;
  return {
    ...executions,
    of(path, options) {
      const known = below.get(path) ?? executions.of(path, options);
      below.set(path, known);
      known.catch(() => below.delete(path));
      return known;
    },
  };
}

function candidateOf(seen: SeenJob, nth: number): Candidate {
  return { seen, isExecution: false, nth, at: { lookout: '', after: null } };
}
