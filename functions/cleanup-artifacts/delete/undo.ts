import { hash } from 'node:crypto';
import { pooledMap } from '../../shared/concurrency.ts';
import { addMs, DAY_MS } from '../../shared/dates.ts';
import { readPlace, uriOf } from '../../shared/model/artifact/artifact.ts';
import { isSameLife, type Tombstone } from '../../shared/model/artifact/artifact-life.ts';
import type { Journal } from '../../shared/model/cleanup/cleanup.ts';
import type { RunProblem } from '../../shared/model/run/run.ts';
import type { TaskResult } from '../../shared/run/task.ts';
import type { PinStore } from '../../shared/store/own/pins.ts';
import type { ArtifactJobStore } from '../../shared/store/sources/artifact-jobs.ts';
import type { PlannedJob } from '../plan/decision.ts';
import { stillMine } from './delete-job.ts';
import { NOTHING, type Restored, type RestoreTools, restoreJob } from './restore-job.ts';

const JOBS_AT_ONCE = 8;
/** What was brought back is somebody's business now: it stays for so long, whatever the policy says. */
const PINNED_DAYS = 30;

export interface UndoTools extends RestoreTools {
  jobs: readonly PlannedJob[];
  stores: readonly ArtifactJobStore[];
  pins: PinStore;
  isTimeUp(): boolean;
}

/**
 * Brings back what a run deleted, as far as soft delete still has it and nothing newer stands in its place; pins the jobs
 * before, so that no later run deletes them again, and takes their marks away. Throws for a run that deleted nothing.
 */
export async function undo(runId: string, tools: UndoTools): Promise<TaskResult> {
  const { journal, run, isTimeUp } = tools;
  const entries: Journal[] = [];
  await journal.ofRun(runId, (entry) => entries.push(entry), run.signal);
  const byJob = Map.groupBy(entries, ({ job }) => job);
  const jobs = new Map(tools.jobs.map((job) => [job.name, job]));
  const marked = tools.jobs.filter(({ added }) => added.tombstone?.runId === runId);
  const names = [...new Set([...byJob.keys(), ...marked.map(({ name }) => name)])];
  if (names.length === 0)
    throw new Error(`Cannot undo ${runId}: no run of that id deleted anything, or its journal is gone`);
  const told: Restored = { ...NOTHING };
  const problems: RunProblem[] = [];
  let done = 0;
  await pooledMap(names, JOBS_AT_ONCE, async (name) => {
    if (isTimeUp()) return;
    await stillMine(run);
    const { restored, problem } = await undoJob(byJob.get(name) ?? [], { runId, job: jobs.get(name) }, tools);
    for (const key of Object.keys(told) as (keyof Restored)[]) told[key] += restored[key];
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
    summary: { undo: runId, jobs: done, ...told },
    problems,
  };
}

async function undoJob(
  entries: readonly Journal[],
  { runId, job }: { runId: string; job: PlannedJob | undefined },
  tools: UndoTools,
): Promise<{ restored: Restored; problem: string | undefined }> {
  const { pins, stores, run } = tools;
  // First the pin: between here and the end, no run may find the job without it.
  for (const uri of urisOf(entries, job)) await pins.put(pinOf(uri, runId, run.now()));
  const restored = await restoreJob(entries, tools);
  const lives = entries.flatMap(({ life }) => life ?? []);
  // What another run did to a later life of the job stays done.
  const isMeant = (tombstone: Tombstone | null) =>
    tombstone === null ||
    tombstone.runId === runId ||
    tombstone.life === null ||
    lives.some((life) => tombstone.life && isSameLife(life, tombstone.life));
  if (job) await stores.find((store) => store.name === job.source)?.unmark(job, isMeant);

  const { objects, outsideWindow, failed, versionsLeft, revived } = restored;
  const other = job?.added.tombstone;
  const said: string[] = [];
  if (outsideWindow + failed > 0)
    said.push(
      `${outsideWindow + failed} of ${objects} objects did not come back: ${outsideWindow} are beyond soft delete's time, ${failed} failed`,
    );
  if (versionsLeft > 0)
    said.push(
      `${versionsLeft} versions stay in soft delete, for a newer object or no versions are there now`,
    );
  if (revived > 0) said.push(`${revived} objects of which there were but older versions are live again`);
  if (other && other.runId !== runId && isMeant(other))
    said.push(`${other.runId} went on deleting it: undo that run, too`);
  return { restored, problem: said.length > 0 ? said.join('; ') : undefined };
}

/** Where the artifacts lay; by the job's record where the journal does not tell. */
function urisOf(entries: readonly Journal[], job: PlannedJob | undefined): Set<string> {
  const told = entries.flatMap(({ life }) => life?.uri ?? []);
  const place = readPlace(told.length > 0 ? null : (job?.artifactUri ?? null));
  const own = place.is === 'read' && place.value.fault === null ? place.value.folders.map(uriOf) : [];
  return new Set([...told, ...own]);
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
