import { laterOf } from '../../shared/dates.ts';
import type { Life } from '../../shared/model/artifact/artifact-life.ts';
import type { Job } from '../../shared/model/job/job.ts';
import type { ReadOptions } from '../../shared/store/firestore/read-options.ts';
import type { ArtifactJobStore } from '../../shared/store/sources/artifact-jobs.ts';
import type { PlannedJob } from '../plan/decision.ts';

/** Shared by all jobs to which Nightshift added nothing that matters for a plan. */
const NOTHING_ADDED: PlannedJob['added'] = {
  endInferred: false,
  tombstone: null,
  deletedAt: null,
  deletedLife: null,
  nothingThere: null,
};
const ALL_READABLE: PlannedJob['unreadable'] = [];

/**
 * Reads every job of every source. A plan needs all of them in memory at once, and 100,000 jobs must fit there beside it. So
 * only the fields that the plan uses are kept, and one copy of texts that many jobs share.
 */
export async function readJobs(
  stores: readonly ArtifactJobStore[],
  options: ReadOptions,
): Promise<PlannedJob[]> {
  const jobs: PlannedJob[] = [];
  const share = sharedTexts();
  await Promise.all(
    stores.map((store) => {
      const enforced = store.source.mode === 'enforce';
      return store.all(options, (job) => jobs.push(plannedJob(job, enforced, share)));
    }),
  );
  return jobs;
}

/** Returns the same string object for equal texts. */
type Share = (text: string) => string;

function sharedTexts(): Share {
  const known = new Map<string, string>();
  return (text) => {
    const first = known.get(text);
    if (first === undefined) known.set(text, text);
    return first ?? text;
  };
}

function plannedJob(job: Job, enforced: boolean, share: Share): PlannedJob {
  return {
    id: job.id,
    name: job.name,
    source: job.source,
    path: job.path,
    enforced,
    project: share(job.project),
    model: share(job.model),
    state: job.state,
    status: share(job.status),
    // Neither matters where it is before the end.
    startedAt: laterThan(job.endedAt, job.startedAt),
    endedAt: job.endedAt,
    endReceivedAt: laterThan(job.endedAt, job.added.report?.endReceivedAt ?? null),
    heartbeatAt: laterThan(job.endedAt, lastBeatOf(job)),
    backendId: job.backendId,
    artifactUri: job.artifactUri,
    registeredModel: job.registeredModel,
    keepUntil: job.keepUntil,
    resumedFrom: job.resumedFrom,
    added: addedTo(job, share),
    unreadable: job.unreadable.length > 0 ? job.unreadable : ALL_READABLE,
  };
}

/** The last heartbeat that its record holds, or that its reporter has told. */
function lastBeatOf({ heartbeatAt, added }: Job): Date | null {
  const aliveAt = added.report?.aliveAt ?? null;
  return heartbeatAt && aliveAt ? laterOf(heartbeatAt, aliveAt) : (heartbeatAt ?? aliveAt);
}

function laterThan(end: Date | null, at: Date | null): Date | null {
  return end && at && at <= end ? null : at;
}

function addedTo(job: Job, share: Share): PlannedJob['added'] {
  const { endInferred, tombstone, deletedAt, deletedLife, nothingThere } = job.added;
  if (!endInferred && !tombstone && !deletedAt && !deletedLife && !nothingThere) return NOTHING_ADDED;
  const life = (of: Life | null) => of && ownLife(of, job);
  return {
    endInferred,
    tombstone: tombstone && {
      planId: share(tombstone.planId),
      runId: share(tombstone.runId),
      // It matters only where the tombstone has no life.
      at: tombstone.life ? null : tombstone.at,
      life: life(tombstone.life),
    },
    deletedAt,
    deletedLife: life(deletedLife),
    nothingThere: nothingThere && { at: nothingThere.at, life: ownLife(nothingThere.life, job) },
  };
}

/** Returns an equal life that shares text and date with the job's record. */
function ownLife({ uri, endedAt }: Life, job: Job): Life {
  return {
    uri: uri === job.artifactUri ? job.artifactUri : uri,
    endedAt: endedAt.getTime() === job.endedAt?.getTime() ? job.endedAt : endedAt,
  };
}
