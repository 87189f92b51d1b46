import type { SeenGeneration } from '../../shared/cloud/storage/generations.ts';
import type { BucketFacts } from '../../shared/cloud/storage/objects.ts';
import { chunksOf } from '../../shared/concurrency.ts';
import { MINUTE_MS } from '../../shared/dates.ts';
import { DeadlineExceeded, UpstreamError } from '../../shared/errors.ts';
import type { Journal } from '../../shared/model/cleanup/cleanup.ts';
import type { CleanupTools, Session } from '../session.ts';
import { joinedCommits } from './joined-commits.ts';
import type { OtherUndos } from './other-undos.ts';
import { type Chain, chainsOf, giveUp, nextTurns, restorableOf, settle } from './restore-chain.ts';
import { restoreJournal } from './restore-journal.ts';
import { type Ground, goPast } from './restore-past.ts';

const RESTORE_LIMIT_MS = 2 * MINUTE_MS;
const OBJECTS_AT_ONCE = 1_000;

/** Restores the objects that the journal of one job lists as deleted, and closes its open entries. */
export type JobRestorer = (journals: readonly Journal[]) => Promise<RestoredJob>;

/** What came of the objects of a job. */
export interface RestoredJob {
  counts: Restored;
  /** Where newer versions stay deleted, although what is live is older. */
  doubts: Doubt[];
}

export interface Doubt {
  uri: string;
  because: string;
}

/** The results of restoring objects. */
export interface Restored {
  /** All objects that are known to have been deleted. */
  objects: number;
  restored: number;
  /** Not restored, because a newer object has their name or they were back already. */
  newerKept: number;
  outsideWindow: number;
  failed: number;
  /** Not restored, because another version of their name is live. */
  versionsLeft: number;
  /** Names that are live now although they had only noncurrent versions before. */
  revived: number;
}

export const NOTHING: Restored = {
  objects: 0,
  restored: 0,
  newerKept: 0,
  outsideWindow: 0,
  failed: 0,
  versionsLeft: 0,
  revived: 0,
};

/**
 * Makes the restorer of one run. Each restoration makes a new generation live; in a bucket with versions, the one before
 * becomes noncurrent. So all generations of a name are restored in their order, each in place of the one before it and of
 * nothing else but what another undo restored. Without versions, only the newest can be restored.
 */
export function jobRestorer(
  { objects, journal }: Pick<CleanupTools, 'objects' | 'journal'>,
  { run, bucketOf }: Pick<Session, 'run' | 'bucketOf'>,
  others: OtherUndos,
): JobRestorer {
  const commit = joinedCommits(run);
  const limits = { limitMs: RESTORE_LIMIT_MS, signal: run.signal };
  const write = (journals: readonly Journal[]) =>
    Promise.all(journals.map((entry) => commit((batch) => journal.end(batch, entry))));

  /** Looks at what is live where something else was expected, and finds how these chains go on. */
  async function lookAt(bucket: string, chains: readonly Chain[], ground: Omit<Ground, 'others'>) {
    if (chains.length === 0) return;
    try {
      const names = chains.map(({ name }) => name);
      const seen: Map<string, SeenGeneration[]> = await objects.generations(bucket, names, limits);
      for (const chain of chains) {
        const { name } = chain;
        await goPast(chain, seen.get(name) ?? [], { ...ground, others: () => others(bucket, name) });
      }
    } catch (error) {
      run.signal.throwIfAborted();
      if (!(error instanceof UpstreamError || error instanceof DeadlineExceeded)) throw error;
      // Nobody knows what is live there. The next undo looks again.
      for (const chain of chains) giveUp(chain);
    }
  }

  return async (journals) => {
    const [first] = journals;
    if (!first) return { counts: NOTHING, doubts: [] };
    const { bucket } = first;
    const facts = await bucketOf(bucket);
    const ground = groundOf(facts, run.now());
    const chains = chainsOf(journals, ground.hasVersions);
    const written = restoreJournal(journals, chains, ground.began);
    // First of all: nobody could tell otherwise what a run restored that is killed before it ends.
    await write(written.begun);
    for (let waiting = chains; waiting.length > 0; ) {
      for (const some of chunksOf(waiting, OBJECTS_AT_ONCE)) {
        const turns = nextTurns(some);
        const results = await objects.restore(bucket, turns.map(restorableOf), limits);
        run.signal.throwIfAborted();
        for (const [index, turn] of turns.entries()) settle(turn, results[index]);
        const blocked = some.filter((chain) => chain.blocked !== null);
        await lookAt(bucket, blocked, ground);
      }
      waiting = waiting.filter(({ pending }) => pending.length > 0);
    }
    await write(written.ended(run.now()));
    const doubts = chains.flatMap(({ name, doubt }) =>
      doubt === null ? [] : [{ uri: `gs://${bucket}/${name}`, because: doubt }],
    );
    return { counts: countOf(chains), doubts };
  };
}

function groundOf(facts: BucketFacts | null, began: Date): Omit<Ground, 'others'> {
  const hasVersions = facts?.versioning === true;
  return { began, hasVersions, keepsReplaced: hasVersions || (facts?.softDeleteSeconds ?? 0) > 0 };
}

function countOf(chains: readonly Chain[]): Restored {
  const count = { ...NOTHING };
  for (const { versions } of chains) {
    const isBack = versions.some(({ outcome }) => outcome === 'restored');
    if (isBack && versions.at(-1)?.outcome === 'restored' && !versions.at(-1)?.entry.live) count.revived += 1;
    for (const { entry, outcome } of versions) {
      // Where the journal is not sure that an object was deleted, only one that could be restored was.
      if (entry.result !== 'deleted' && outcome !== 'restored') continue;
      count.objects += 1;
      if (outcome === 'restored') count.restored += 1;
      else if (outcome === 'gone') count.outsideWindow += 1;
      else if (outcome === 'failed' || outcome === 'untried') count.failed += 1;
      else count.newerKept += 1;
      if (outcome === 'left' && entry.restoredAs === null) count.versionsLeft += 1;
    }
  }
  return count;
}
