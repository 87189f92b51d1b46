import { hash } from 'node:crypto';
import { pooledMap } from '../../shared/concurrency.ts';
import { addMs, DAY_MS } from '../../shared/dates.ts';
import { readPlace, uriOf } from '../../shared/model/artifact/artifact.ts';
import { isSameLife, type Tombstone } from '../../shared/model/artifact/artifact-life.ts';
import { type Journal, undoCommand } from '../../shared/model/cleanup/cleanup.ts';
import type { RunProblem } from '../../shared/model/run/run.ts';
import type { TaskResult } from '../../shared/run/task.ts';
import { readJobs } from '../look/read-jobs.ts';
import type { PlannedJob } from '../plan/decision.ts';
import type { CleanupTools, Session } from '../session.ts';
import { stillMine } from './delete-job.ts';
import { otherUndos } from './other-undos.ts';
import { type Doubt, jobRestorer, NOTHING, type Restored, type RestoredJob } from './restore-job.ts';

const JOBS_AT_ONCE = 8;
/** For how many days restored artifacts are pinned, whatever the policy would decide. */
const PINNED_DAYS = 30;

/**
 * Restores what a run deleted, as far as soft delete still keeps it and no newer object has its name. Pins the places first,
 * so that no later run deletes them again, and removes the marks of the jobs. Throws for a run that deleted nothing.
 */
export async function undo(runId: string, tools: CleanupTools, session: Session): Promise<TaskResult> {
  const { run, options, isTimeUp } = session;
  const all = await readJobs(tools.stores, options);
  const entries: Journal[] = [];
  await tools.journal.ofRun(runId, (entry) => entries.push(entry), run.signal);
  const byJob = Map.groupBy(entries, ({ job }) => job);
  const marked = all.filter(({ added }) => added.tombstone?.runId === runId);
  const names = [...new Set([...byJob.keys(), ...marked.map(({ name }) => name)])];
  if (names.length === 0)
    throw new Error(`Cannot undo ${runId}: no run of that id deleted anything, or its journal is gone`);
  const jobs = new Map(all.map((job) => [job.name, job]));
  const undoJob = jobUndoer(runId, tools, session);
  const totals: Restored = { ...NOTHING };
  const problems: RunProblem[] = [];
  let done = 0;
  await pooledMap(names, JOBS_AT_ONCE, async (name) => {
    if (isTimeUp()) return;
    await stillMine(run);
    const { restored, problem } = await undoJob(byJob.get(name) ?? [], jobs.get(name));
    for (const key of Object.keys(totals) as (keyof Restored)[]) totals[key] += restored[key];
    if (problem) problems.push({ path: name, message: problem });
    done += 1;
  });
  if (done < names.length)
    problems.unshift({
      path: 'undo',
      message: `Time is up with ${names.length - done} jobs to go: undo ${runId} once more`,
    });
  return {
    outcome: problems.length === 0 ? 'succeeded' : 'partial',
    summary: { undo: runId, jobs: done, ...totals },
    problems,
  };
}

interface UndoneJob {
  restored: Restored;
  problem: string | undefined;
}

/** Undoes what a run did to one job. `entries` are of the journal; `job` is its record, where that still exists. */
type JobUndoer = (entries: readonly Journal[], job: PlannedJob | undefined) => Promise<UndoneJob>;

function jobUndoer(runId: string, tools: CleanupTools, session: Session): JobUndoer {
  const { stores, roots, journal } = tools;
  const { run } = session;
  const restore = jobRestorer(tools, session, otherUndos(runId, tools, run.signal));
  return async (entries, job) => {
    // The pin comes first: no run may find the restored artifacts without it.
    for (const uri of urisOf(entries, job)) await roots.pins.put(pinOf(uri, runId, run.now()));
    const { counts: restored, doubts } = await restore(entries);
    const own = job?.added.tombstone?.runId === runId ? job.added.tombstone.life : null;
    const lives = [...entries.flatMap(({ life }) => life ?? []), ...(own ? [own] : [])];
    // The marks of a later life of the job, by another run, stay.
    const isMeant = (tombstone: Tombstone | null) =>
      tombstone === null ||
      tombstone.runId === runId ||
      tombstone.life === null ||
      lives.some((life) => tombstone.life && isSameLife(life, tombstone.life));
    if (job) await stores.find(({ name }) => name === job.source)?.unmark(job, isMeant);
    const other = job?.added.tombstone;
    const faults = faultsOf({ counts: restored, doubts });
    const wentOn = other && other.runId !== runId && isMeant(other) ? other.runId : null;
    if (wentOn) faults.push(`${wentOn} went on deleting it: undo that run, too: ${undoCommand(wentOn)}`);
    const name = entries[0]?.job ?? job?.name;
    if (name !== undefined) {
      const missing = missingByRun();
      await journal.besides(runId, { job: name, lives }, missing.add);
      faults.push(...missing.inWords(wentOn));
    }
    return { restored, problem: faults.length > 0 ? faults.join('; ') : undefined };
  };
}

/** Collects the objects of a job that other runs deleted, and that are not back. */
function missingByRun() {
  const runs = new Map<string, { deleted: number; perhaps: number }>();
  return {
    add({ runId, entries }: Journal): void {
      const count = runs.get(runId) ?? { deleted: 0, perhaps: 0 };
      runs.set(runId, count);
      for (const { result, restoredAs } of entries) {
        if (result === 'deleted' && restoredAs === null) count.deleted += 1;
        // Nobody wrote down what became of it.
        if (result === null) count.perhaps += 1;
      }
    },

    /** Describes what is missing and how it comes back; nothing of the run that is told already. */
    inWords(told: string | null): string[] {
      return [...runs].flatMap(([runId, { deleted, perhaps }]) => {
        if (runId === told || deleted + perhaps === 0) return [];
        const what = deleted > 0 ? `deleted ${deleted}` : `may have deleted ${perhaps}`;
        return [`${runId} ${what} more of its objects: undo that run, too: ${undoCommand(runId)}`];
      });
    },
  };
}

/** Describes what is not as it was before the deletion. */
function faultsOf({ counts, doubts }: RestoredJob): string[] {
  const { objects, outsideWindow, failed, versionsLeft, revived } = counts;
  const faults = doubts.length > 0 ? [doubtInWords(doubts)] : [];
  if (outsideWindow + failed > 0)
    faults.push(
      `${outsideWindow + failed} of ${objects} objects did not come back: ${outsideWindow} are beyond soft delete's time, ${failed} failed`,
    );
  if (versionsLeft > 0)
    faults.push(
      `${versionsLeft} versions stay in soft delete, for another one is live or no versions are kept there now`,
    );
  if (revived > 0) faults.push(`${revived} objects of which there were but older versions are live again`);
  return faults;
}

/** Describes where an older version is live, which nobody but a person may move away. */
function doubtInWords(doubts: readonly Doubt[]): string {
  const [{ uri, because } = { uri: '', because: '' }] = doubts;
  return `${doubts.length} objects are live in an older version than was deleted, such as ${uri}: ${because}. Move it away and undo this run once more`;
}

/** Returns the places of the artifacts, by the journal, or by the job's record where the journal has none. */
function urisOf(entries: readonly Journal[], job: PlannedJob | undefined): Set<string> {
  const journaled = entries.flatMap(({ life }) => life?.uri ?? []);
  const place = readPlace(journaled.length > 0 ? null : (job?.artifactUri ?? null));
  const own = place.is === 'read' && place.value.fault === null ? place.value.folders.map(uriOf) : [];
  return new Set([...journaled, ...own]);
}

function pinOf(uri: string, runId: string, at: Date) {
  return {
    id: `undo-${hash('sha256', uri, 'hex').slice(0, 32)}`,
    uri,
    keepUntil: addMs(at, PINNED_DAYS * DAY_MS),
    owner: 'cleanup-artifacts',
    reason: `the deletion by ${runId} was undone`,
    createdAt: at,
  };
}
