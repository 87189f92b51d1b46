import { hash } from 'node:crypto';
import type { RestoreResult } from '../shared/cloud/restore.ts';
import { chunksOf, mapPool } from '../shared/concurrency.ts';
import { DAY_MS, MINUTE_MS } from '../shared/dates.ts';
import { LeaseLost } from '../shared/errors.ts';
import { readArtifactUri, uriOf } from '../shared/model/artifact.ts';
import type { Journal, JournalEntry } from '../shared/model/cleanup.ts';
import type { RunProblem } from '../shared/model/run.ts';
import type { TaskResult } from '../shared/run/task.ts';
import type { PinStore } from '../shared/store/roots.ts';
import type { CarryOutTools } from './carry-out.ts';

const RESTORE_LIMIT_MS = 2 * MINUTE_MS;
const OBJECTS_AT_ONCE = 1_000;
const JOBS_AT_ONCE = 8;
/** What was brought back is somebody's business now: it stays for so long, whatever the policy says. */
const PINNED_DAYS = 30;

export interface UndoTools extends CarryOutTools {
  pins: PinStore;
}

/** What became of objects that were deleted. */
const NOTHING = { objects: 0, restored: 0, newerKept: 0, outsideWindow: 0, failed: 0 };

/**
 * Brings back what a run deleted, as far as soft delete still has it and nothing newer stands in its place; pins the jobs
 * before, so that no later run deletes them again, and takes their marks away.
 */
export async function undo(runId: string, tools: UndoTools): Promise<TaskResult> {
  const { journal, jobs, run, isTimeUp } = tools;
  const entries: Journal[] = [];
  await journal.ofRun(runId, (entry) => entries.push(entry), run.signal);
  const byJob = Map.groupBy(entries, ({ job }) => job);
  const marked = [...jobs.values()].filter(({ added }) => added.tombstone?.runId === runId);
  const names = [...new Set([...byJob.keys(), ...marked.map(({ name }) => name)])];
  const told = { ...NOTHING };
  const problems: RunProblem[] = [];
  let done = 0;
  await mapPool(names, JOBS_AT_ONCE, async (name) => {
    if (isTimeUp()) return;
    const { counted, problem } = await undoJob(name, byJob.get(name) ?? [], runId, tools);
    for (const key of ['objects', 'restored', 'newerKept', 'outsideWindow', 'failed'] as const)
      told[key] += counted[key];
    if (problem) problems.push({ path: name, message: problem });
    done += 1;
  });
  const say = (message: string) => problems.unshift({ path: 'undo', message });
  if (names.length === 0) say(`The run ${runId} deleted nothing, or its journal is gone`);
  if (done < names.length) say(`Time is up with ${names.length - done} jobs to go: undo ${runId} once more`);
  return {
    outcome: problems.length === 0 ? 'succeeded' : 'partial',
    summary: { undo: runId, jobs: done, ...told },
    problems,
  };
}

async function undoJob(
  name: string,
  entries: readonly Journal[],
  runId: string,
  tools: UndoTools,
): Promise<{ counted: typeof NOTHING; problem: string | undefined }> {
  const { run, jobs, pins, stores } = tools;
  run.signal.throwIfAborted();
  if (!(await run.stillMine()))
    throw new LeaseLost('Nothing more is restored: the run may not be this one any more');
  const job = jobs.get(name);
  const read = readArtifactUri(job?.artifactUri ?? null);
  // First the pin: between here and the end, no run may find the job without it.
  if (read.ok) await pins.put(pinOf(uriOf(read.prefix), runId, run.startedAt));
  const { counted, older } = await restoreJob(entries, tools);
  if (job) await stores.find(({ holds }) => holds(name))?.unmark(name);

  const { outsideWindow, failed, objects } = counted;
  const other = job?.added.tombstone?.runId;
  const said: string[] = [];
  if (outsideWindow + failed > 0)
    said.push(
      `${outsideWindow + failed} of ${objects} objects did not come back: ${outsideWindow} are beyond soft delete's time, ${failed} failed`,
    );
  if (older > 0) said.push(`${older} older versions of objects stay in soft delete`);
  if (other && other !== runId) said.push(`${other} went on deleting it: undo that run, too`);
  return { counted, problem: said.length > 0 ? said.join('; ') : undefined };
}

/** Restores what the journal tells of one job, and closes what it left open. */
async function restoreJob(
  journals: readonly Journal[],
  { objects, journal, commit, run }: UndoTools,
): Promise<{ counted: typeof NOTHING; older: number }> {
  const counted = { ...NOTHING };
  const newest = newestOf(journals);
  let older = 0;
  for (const entry of journals) {
    const lost = entry.entries.filter(mayBeGone);
    const back = lost.filter((object) => newest.get(object.name) === object.generation);
    // Only one version of a name can be live, and what is live is never replaced.
    const left = lost.filter((object) => !back.includes(object) && object.result === 'deleted').length;
    older += left;
    counted.objects += left;
    counted.newerKept += left;
    const results = new Map<JournalEntry, RestoreResult | 'failed' | 'untried'>();
    for (const some of chunksOf(back, OBJECTS_AT_ONCE)) {
      const limits = { limitMs: RESTORE_LIMIT_MS, signal: run.signal };
      const restored = await objects.restore(entry.bucket, some, limits);
      run.signal.throwIfAborted();
      for (const [index, object] of some.entries()) results.set(object, restored[index]?.result ?? 'untried');
    }
    for (const [{ result: before }, result] of results) {
      // Of what nobody knows whether it was deleted, what still stands was not.
      if (before !== 'deleted' && result !== 'restored') continue;
      counted.objects += 1;
      if (result === 'restored') counted.restored += 1;
      else if (result === 'already-there') counted.newerKept += 1;
      else if (result === 'gone') counted.outsideWindow += 1;
      else counted.failed += 1;
    }
    if (entry.doneAt !== null) continue;
    const entries = entry.entries.map((object) =>
      object.result === null ? closed(object, results.get(object) === 'restored') : object,
    );
    await commit((batch) => journal.end(batch, { ...entry, entries, doneAt: new Date() }));
  }
  return { counted, older };
}

/** Of each name, the newest generation that may be gone. */
function newestOf(journals: readonly Journal[]): ReadonlyMap<string, string> {
  const newest = new Map<string, string>();
  for (const { name, generation } of journals.flatMap(({ entries }) => entries.filter(mayBeGone))) {
    const known = newest.get(name);
    if (known === undefined || BigInt(generation) > BigInt(known)) newest.set(name, generation);
  }
  return newest;
}

/** What was begun and is undone, so that no later run goes on with it. */
function closed(object: JournalEntry, wasDeleted: boolean): JournalEntry {
  if (wasDeleted) return { ...object, result: 'deleted', detail: 'and brought back' };
  return { ...object, result: 'failed', detail: 'undone before anybody knew of its deletion' };
}

function mayBeGone({ result }: JournalEntry): boolean {
  return result === 'deleted' || result === 'failed' || result === null;
}

function pinOf(uri: string, runId: string, at: Date) {
  return {
    id: `undo-${hash('sha256', uri, 'hex').slice(0, 32)}`,
    uri,
    keepUntil: new Date(at.getTime() + PINNED_DAYS * DAY_MS),
    owner: 'cleanup-artifacts',
    reason: `the deletion by ${runId} was undone`,
    createdAt: at,
  };
}
