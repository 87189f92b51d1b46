import type { SeenGeneration } from '../../shared/cloud/storage/generations.ts';
import type { Trace } from './other-undos.ts';
import { mayBeOf } from './restore-begun.ts';
import { type Blocked, type Chain, generationOf, giveUp, type Version } from './restore-chain.ts';

/** What is replaced may come back differently each time that one looks, but not for ever. */
const MOST_LOOKS = 3;

/** What decides what may be done with a live object. */
export interface Ground {
  /** When this undo began to bring the objects back. */
  began: Date;
  hasVersions: boolean;
  /** Whether a live object that is replaced is kept: as a noncurrent one, or by soft delete. */
  keepsReplaced: boolean;
  /** Returns what undos of other runs have done to the name of the chain. */
  others(): Promise<readonly Trace[]>;
}

/**
 * Goes on with a chain of which something else is live than was to be replaced, by what Cloud Storage has of its name.
 *
 * 1. Nothing is live: the version comes back where nothing is.
 * 2. It is a version of this chain, or of what another run deleted, that an undo restored: the newer ones come back over it.
 * 3. It has the bytes of the newest version: nothing is left to do.
 * 4. It has the bytes of an older version, or may have, and no undo is known to have written it: it stays, and somebody is
 *    told.
 * 5. Anything else is newer, and stays.
 *
 * That an undo restored it is known by the journal. Where its answer was lost, or it was killed before it wrote that down, a
 * copy is taken for its work that has the same bytes and was made while it was at it.
 */
export async function goPast(chain: Chain, seen: readonly SeenGeneration[], ground: Ground): Promise<void> {
  const { blocked } = chain;
  if (!blocked) return;
  chain.looks += 1;
  if (chain.looks > MOST_LOOKS) return giveUp(chain);
  const waiting = [blocked.version, ...chain.pending];
  chain.blocked = null;
  chain.pending = [];
  const live = seen.find(({ is }) => is === 'live');
  if (!live && blocked.isGone) {
    blocked.version.outcome = 'gone';
    return goOn(chain, waiting.slice(1), '0');
  }
  if (!live) return goOn(chain, waiting, '0');
  const contents = restorableContents(seen);
  const copies = copiesIn(chain.versions, seen, (version) => timesOf(version, blocked, ground));
  for (const version of waiting) noteCopy(version, copies.get(version));

  const origin = chain.versions.find((version) => copies.get(version) === live);
  if (origin?.entry.generation === live.generation) return;
  if (origin) return replace(chain, live, newerThan(generationOf(origin), waiting), ground);

  const newest = chain.versions.at(-1);
  if (newest && live.content !== null && contents.get(newest.entry.generation) === live.content) {
    if (waiting.includes(newest)) newest.outcome = 'already-there';
    return;
  }
  const missing = waiting.filter((version) => !copies.has(version));
  const traces = await ground.others();
  const written = writtenBy(traces, live, contents);
  if (written !== undefined) {
    const newer = missing.filter(({ entry }) => firstOf(entry.generation, traces) > written);
    return newer.length > 0 ? replace(chain, live, newer, ground) : keepNewer(waiting, ground);
  }
  const like = oldestLike(live, contents);
  if (like !== undefined && newerThan(like, missing).length > 0) {
    chain.doubt = 'no undo is known to have put that one there';
    return;
  }
  if (mayBeOlder(live, contents, [...chain.versions.slice(0, -1).map(traceOf), ...traces]))
    chain.doubt = 'nobody can tell any more whether an undo put that one there';
  else keepNewer(waiting, ground);
}

function goOn(chain: Chain, versions: readonly Version[], over: string): void {
  chain.pending = [...versions];
  chain.over = over;
}

/** Goes on with `newer` over what is live, which an undo restored, unless that could be lost by it. */
function replace(chain: Chain, live: SeenGeneration, newer: readonly Version[], ground: Ground): void {
  if (newer.length === 0) return;
  if (live.metageneration !== '1') chain.doubt = 'somebody changed it since an undo put it there';
  else if (!ground.keepsReplaced) chain.doubt = 'the bucket keeps nothing of what is replaced';
  else goOn(chain, newer, live.generation);
}

/** In a bucket without versions a newer object has taken the place of the older; with them, the older stays deleted. */
function keepNewer(waiting: readonly Version[], { hasVersions }: Ground): void {
  const newest = waiting.at(-1);
  if (newest && !hasVersions) newest.outcome = 'already-there';
}

/** Notes that a version is there already: by an undo of which nobody knew, or for it was never gone. */
function noteCopy(version: Version, copy: SeenGeneration | undefined): void {
  const { generation, restoredAs } = version.entry;
  version.outcome = 'left';
  if (!copy) return;
  const isKnown = copy.generation === restoredAs || copy.generation === generation;
  version.outcome = isKnown ? 'already-there' : 'restored';
  if (!isKnown) version.made = copy.generation;
}

function timesOf(version: Version, { version: tried, isUnsure }: Blocked, { began }: Ground): Date[] {
  return [...version.begun, ...(version === tried && isUnsure ? [began] : [])];
}

/**
 * Finds the copies of versions among what exists. Both are in their order: of versions with the same bytes the older one has
 * the older copy.
 */
function copiesIn(
  versions: readonly Version[],
  seen: readonly SeenGeneration[],
  times: (version: Version) => readonly Date[],
): Map<Version, SeenGeneration> {
  const contents = restorableContents(seen);
  const copies = new Map<Version, SeenGeneration>();
  let last = -1;
  for (const copy of seen.filter(({ is }) => is !== 'soft-deleted')) {
    const known = versions.findIndex((version) => isOf(version, copy.generation));
    const like = (version: Version, index: number) =>
      index > last &&
      copy.content !== null &&
      contents.get(version.entry.generation) === copy.content &&
      mayBeOf(times(version), copy.createdAt);
    const index = known >= 0 ? known : versions.findIndex(like);
    const version = versions[index];
    if (!version) continue;
    copies.set(version, copy);
    last = index;
  }
  return copies;
}

function isOf({ entry, made }: Version, generation: string): boolean {
  return [entry.generation, entry.restoredAs, made].includes(generation);
}

/** Returns the first generation of the bytes that undos of other runs put there; `undefined` where none did. */
function writtenBy(
  traces: readonly Trace[],
  live: SeenGeneration,
  contents: ReadonlyMap<string, string | null>,
): bigint | undefined {
  const known = traces.filter(({ restoredAs }) => restoredAs === live.generation);
  const like = traces.filter(
    ({ generation, begun }) =>
      live.content !== null && contents.get(generation) === live.content && mayBeOf(begun, live.createdAt),
  );
  const all = (known.length > 0 ? known : like).map(({ generation }) => firstOf(generation, traces));
  return all.toSorted((a, b) => (a < b ? -1 : 1)).at(-1);
}

/** Whether an undo was at something when this came, of which the bytes are not known any more. */
function mayBeOlder(
  live: SeenGeneration,
  contents: ReadonlyMap<string, string | null>,
  traces: readonly Trace[],
): boolean {
  return traces.some(({ generation, restoredAs, begun }) => {
    const isUnknown = restoredAs === null && (live.content === null || !contents.get(generation));
    return isUnknown && mayBeOf(begun, live.createdAt);
  });
}

function traceOf({ entry: { generation, restoredAs }, begun }: Version): Trace {
  return { generation, restoredAs, begun };
}

/** Follows a generation back: what an undo made has the bytes of the one that it restored, and is no newer than that. */
function firstOf(generation: string, traces: readonly Trace[]): bigint {
  const isBefore = (trace: Trace) =>
    trace.restoredAs === generation && BigInt(trace.generation) < BigInt(generation);
  const before = traces.find(isBefore);
  return before ? firstOf(before.generation, traces) : BigInt(generation);
}

function oldestLike(
  { content }: SeenGeneration,
  contents: ReadonlyMap<string, string | null>,
): bigint | undefined {
  const like = [...contents].filter(([, each]) => content !== null && each === content);
  return like.map(([generation]) => BigInt(generation)).toSorted((a, b) => (a < b ? -1 : 1))[0];
}

/** The contents of what can be restored, by generation. */
function restorableContents(seen: readonly SeenGeneration[]): Map<string, string | null> {
  return new Map(
    seen.filter(({ is }) => is === 'soft-deleted').map(({ generation, content }) => [generation, content]),
  );
}

function newerThan(generation: bigint, versions: readonly Version[]): Version[] {
  return versions.filter((version) => generationOf(version) > generation);
}
