import type { Firestore } from '@google-cloud/firestore';
import { addMs, DAY_MS, dayOf } from '../../functions/shared/dates.ts';
import { createLog } from '../../functions/shared/log.ts';
import type { Job } from '../../functions/shared/model/job/job.ts';
import type { Source } from '../../functions/shared/model/job/source.ts';
import { EXPIRING_KINDS } from '../../functions/shared/model/run/retention.ts';
import type { Settings } from '../../functions/shared/settings.ts';
import { alarmStore } from '../../functions/shared/store/own/alarms.ts';
import { cleanupPlanStore } from '../../functions/shared/store/own/cleanup-plans.ts';
import { collections as collectionsOf } from '../../functions/shared/store/own/collections.ts';
import { dayStore } from '../../functions/shared/store/own/days.ts';
import { healthStore } from '../../functions/shared/store/own/health.ts';
import { jobHealthStore } from '../../functions/shared/store/own/job-health.ts';
import { journalStore } from '../../functions/shared/store/own/journal.ts';
import { pinStore } from '../../functions/shared/store/own/pins.ts';
import type { ReportChannelStore } from '../../functions/shared/store/own/report-channels.ts';
import { retentionStore } from '../../functions/shared/store/own/retention.ts';
import { runStore } from '../../functions/shared/store/own/runs.ts';
import { type StatusRecords, statusRecords } from '../../functions/shared/store/own/status-records.ts';
import { watchStore } from '../../functions/shared/store/own/watch.ts';
import { activeJobStore } from '../../functions/shared/store/sources/active-jobs.ts';
import { artifactJobStore } from '../../functions/shared/store/sources/artifact-jobs.ts';
import { backendJobStore } from '../../functions/shared/store/sources/backend-jobs.ts';
import { jobStore, recordsOf } from '../../functions/shared/store/sources/jobs.ts';
import { endedActiveQueries } from '../../functions/shared/store/sources/overlooked-records.ts';
import { modelStore } from '../../functions/shared/store/sources/roots.ts';
import { lookAtChannel } from '../../functions/shared/truth/channel.ts';

const SILENT = createLog({}, () => undefined);
const options = { tally: { documents: 0 } };
const ignore = () => undefined;

/** Every query that the stores of our own collections know, whoever asks it: tasks or `ops`. */
export async function askOurs(db: Firestore, { collectionPrefix }: Settings, task: string, now: Date) {
  const collections = collectionsOf(db, collectionPrefix);
  const before = addMs(now, -DAY_MS);
  const [runs, days] = [runStore(collections), dayStore(collections, SILENT)];
  const [plans, journal] = [cleanupPlanStore(collections, SILENT), journalStore(collections, SILENT)];
  const [alarms, retention] = [alarmStore(collections, SILENT), retentionStore(collections, SILENT)];
  await Promise.all([
    runs.newest(task, { limit: 3 }, now),
    runs.newest(task, { limit: 3, outcome: 'succeeded' }, now),
    watchStore(collections, SILENT).history(task, before, new AbortController().signal),
    healthStore(collections).all(),
    jobHealthStore(collections).all(),
    pinStore(collections, SILENT).all(),
    pinStore(collections, SILENT).count(),
    alarms.open(options),
    alarms.closedSince(before, 10, options),
    ...askStatus(statusRecords(collections, SILENT), task, now),
    days.range(dayOf(before), dayOf(now)),
    days.projectRows(dayOf(before), 5),
    days.revisions(dayOf(before)),
    days.countedOn(['jobs:jobs/1'], options.tally, ignore),
    days.unsettled(options.tally),
    days.dirty(options.tally),
    days.accept(dayOf(before), { at: now }),
    plans.newest(3),
    plans.open(),
    plans.lines('plan'),
    journal.unfinished(),
    journal.ofPlan('plan', null),
    journal.ofPlan('plan', before),
    journal.jobsOf('run'),
    journal.runsOf('plan'),
    journal.ofRun('run', ignore),
    retention.tasks(options.tally),
    retention.newestRunId(task, options.tally),
    retention.countRuns(task),
    retention.runsOf(task, ignore, options.tally, new AbortController().signal),
    retention.countUnfinished('runs', before, options.tally),
    retention.countUnfinished('journal', before, options.tally),
    retention.strayItems(before, options.tally),
    ...EXPIRING_KINDS.flatMap((kind) => [
      retention.due(kind, now, null, 3, options.tally),
      retention.countDue(kind, now, null),
    ]),
  ]);
}

/** What the status service asks of our own records. */
function askStatus(status: StatusRecords, task: string, now: Date): Promise<unknown>[] {
  const after = { at: now, id: `${task}@manual-1` };
  const runs = { outcome: null, since: null, after: null, most: 3 };
  const before = addMs(now, -DAY_MS);
  return [
    status.tasks(null, options),
    status.tasks(before, options),
    status.openAlarms(3, options),
    status.closedAlarms(null, 3, options),
    status.closedAlarms(after, 3, options),
    status.jobHealth(options),
    status.runs(task, runs, options),
    status.runs(task, { ...runs, outcome: 'succeeded', since: before, after }, options),
    status.days(dayOf(before), dayOf(now), options),
  ];
}

/** Every query about the records of a source, and the executions below them. */
export async function askSource(db: Firestore, name: string, source: Source, now: Date): Promise<void> {
  const jobs = jobStore(name, source, db, SILENT);
  const atBackend = backendJobStore(name, source, db, SILENT);
  const active = activeJobStore(name, source, { db, ours: true }, SILENT);
  const before = addMs(now, -DAY_MS);
  const job = source.group ? `labs/a/${source.collection}/1` : `${source.collection}/1`;
  await Promise.all([
    jobs.touching({ from: before, to: now, now }, options, ignore),
    jobs.underWay(options, ignore),
    jobs.timeless(now, options, ignore),
    ...endedActiveQueries(recordsOf(source, db), source).map(([, query]) => query.limit(1).get()),
    jobs.changedSince(before, options, ignore),
    source.backend && atBackend.jobsAt(['1'], options),
    active.active(options),
    active.alive(now, options),
    active.named('1', options),
    active.inStates(['running', 'queued'], { after: null, most: 2 }, options).next(),
    active.unmapped(options),
    active.counts.runningSince(before, options),
    active.counts.startOf(5, options),
    active.counts.newSince(before, options),
    lookAtChannel(active, silentChannel(before), now, options),
    active.executions?.of(job, options),
    active.executions?.activeOf(job, options),
    ...active
      .staleQueries(now)
      .flatMap((query) => [
        active.pages(query, { after: null, most: 2 }, options).next(),
        active.hasAny(query, options),
      ]),
  ]);
}

/** Of which no report came since then. */
function silentChannel(lastAcceptedAt: Date): Pick<ReportChannelStore, 'look'> {
  const record = { source: '', lastAcceptedAt, accepted: 1, falseLost: 0, created: {} };
  return { look: async () => ({ record, unreadable: null }) };
}

/** What decides over the artifacts of the jobs of the source `name`; marks one of them as going. */
export async function askKeepers(db: Firestore, settings: Settings, name: string, at: Date): Promise<void> {
  const { artifacts, sources, collectionPrefix } = settings;
  const collections = collectionsOf(db, collectionPrefix);
  const source = sources[name];
  if (!source) throw new Error(`There is no source ${name}`);
  const store = artifactJobStore(name, source, db, SILENT);
  const models = artifacts.models.map((model) => modelStore(model, db, SILENT));
  await Promise.all(models.map((model) => model.all(options, ignore)));
  await pinStore(collections, SILENT).all();
  const found: Job[] = [];
  await store.all(options, (job) => void found.push(job));
  const job = found.find(({ endedAt }) => endedAt !== null);
  if (!job?.endedAt) throw new Error(`There is no ended job of ${name}`);
  const life = { uri: 'gs://runs/1/', endedAt: job.endedAt };
  await store.executionsOf(job, options);
  await store.writeTombstone(job, { planId: 'plan', runId: 'run', at, life });
  await journalStore(collections, SILENT).hasDeleted(job.name, life);
  await journalStore(collections, SILENT).besides('run', { job: job.name, lives: [life] }, () => {});
}
