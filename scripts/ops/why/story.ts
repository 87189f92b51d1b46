import { SECOND_MS } from '../../../functions/shared/dates.ts';
import type { Earlier, Evidence } from '../../../functions/shared/model/job/evidence.ts';
import type { Job } from '../../../functions/shared/model/job/job.ts';
import { conclusionAt } from '../../../functions/shared/model/job/verdict/taken-back.ts';
import type { ActiveJobStore } from '../../../functions/shared/store/sources/active-jobs.ts';
import { asker } from '../../../functions/shared/truth/ask.ts';
import { lookAtChannel } from '../../../functions/shared/truth/channel.ts';
import { openBackendOf } from '../shared/ask-backend.ts';
import { CannotCheck } from '../shared/check.ts';
import { type Connection, SILENT, uncounted } from '../shared/connect.ts';
import type { NamedJob } from '../shared/find-job.ts';
import { placeOf } from '../shared/target.ts';
import { type DayOfJob, daysOf } from './days.ts';

/** What its backend may take. */
const LIMIT_MS = 12 * SECOND_MS;
/** Of the plans of clean-ups, the newest are looked through. */
const PLANS = 3;
/** Of the days of a job, so many of the newest are looked up. */
const DAYS_LOOKED_UP = 60;

/** One try of a job, and what a sweep ended it by. */
interface ExecutionOfJob extends Pick<Job, 'id' | 'status' | 'startedAt' | 'endedAt' | 'heartbeatAt'> {
  evidence: Evidence | null;
}

/** All that is known of a job. */
export interface Story {
  source: string;
  mode: string;
  place: string;
  path: string;
  writtenAt: Date;
  record: Omit<Job, 'added'>;
  /** What was said of it by a sweep, or by a person, the newest first; what was taken back, too. */
  changes: (Evidence | Earlier)[];
  /** Why the change that stands cannot be taken back, in words; `null` where it can. */
  whyNotTakenBack: string | null;
  /** What its backend says now; `null` where it cannot be asked, for the reason in `words`. */
  backend: {
    name: string | null;
    state: string | null;
    startedAt: Date | null;
    endedAt: Date | null;
    words: string;
  };
  /** What a sweep would conclude now. */
  verdict: { kind: string; rule: string; because: string };
  /** The newest first; `null` where its source maps none. */
  executions: ExecutionOfJob[] | null;
  /** The id of their collection. */
  executionsPath: string | null;
  artifacts: {
    uri: string | null;
    tombstone: { planId: string; runId: string } | null;
    deletedAt: Date | null;
    plans: {
      planId: string;
      createdAt: Date;
      status: string;
      decision: string;
      reason: string;
      because: string;
    }[];
  };
  days: {
    /** Why it counts on none, in words; `null` where it may. */
    fault: string | null;
    each: DayOfJob[];
    /** Stored days that count it as started or ended. */
    countedOn: string[];
    /** Those of its days that are stored, and how sure they are; of many only the newest. */
    stored: Record<string, string>;
    /** Those of its days that will be collected again, and why. */
    dirty: Record<string, string>;
  };
}

/** Gathers what is known of a job. Only its backend, which is not ours, may fail. */
export async function readStory({ store, seen }: NamedJob, connection: Connection): Promise<Story> {
  const { target, environment, clock } = connection;
  const { source } = store;
  const { added, ...record } = seen.job;
  const { evidence, earlier, tombstone, deletedAt } = added;
  const now = clock.now();
  const database = source.database ?? environment.FIRESTORE_DATABASE;
  const [asked, plans, days] = await Promise.all([
    judge({ store, seen }, connection, now),
    plansWith(seen.job.name, connection),
    daysWith(seen.job, connection, now),
  ]);
  return {
    source: store.name,
    mode: source.mode,
    path: seen.path,
    writtenAt: seen.updateTime.toDate(),
    record,
    place: placeOf(target, { googleProject: source.googleProject, database }),
    changes: [...(evidence ? [evidence] : []), ...earlier.toReversed()],
    whyNotTakenBack: store.whyNotTakenBack(seen, false),
    ...asked,
    executionsPath: source.executions?.collection ?? null,
    artifacts: { uri: seen.job.artifactUri, tombstone, deletedAt, plans },
    days,
  };
}

/** What the sweep would ask, and conclude: by its own rules, and by what it remembers. */
async function judge(
  { store, seen }: NamedJob,
  connection: Connection,
  now: Date,
): Promise<Pick<Story, 'backend' | 'verdict' | 'executions'>> {
  const { collections, ask, clock } = connection;
  const { sweepCheckpointStore } = await import('../../../functions/shared/store/own/sweep-checkpoints.ts');
  const checkpoint = await ask(
    'reading what the sweep remembers',
    sweepCheckpointStore(collections, SILENT).load(store.name, uncounted()),
  );
  const { backend, words } = backendOf(store, connection);
  const options = { ...uncounted(), signal: AbortSignal.timeout(LIMIT_MS) };
  const channel = await channelOf(store, connection, now);
  const asking = asker({ store, backend, checkpoint, channel, options, now: clock.now, runId: '' });
  const candidate = { seen, isExecution: false, nth: 0, at: { lookout: '', after: null } };
  const { known, unreadable } = await ask('reading its executions', asking.about([candidate]));
  const suspect = known[0]?.suspect;
  if (!suspect) throw unreadable[0]?.error ?? new Error(`Cannot read ${seen.path}`);
  const { kind, rule, because } = conclusionAt(now)(suspect);
  const { truth, executions } = suspect;
  const said =
    truth?.said ??
    words ??
    (seen.job.backendId === null ? 'its record names no job there' : 'it says nothing');
  return {
    verdict: { kind, rule, because },
    backend: {
      name: backend?.name ?? null,
      state: truth?.state ?? null,
      words: said,
      startedAt: truth?.startedAt ?? null,
      endedAt: truth?.endedAt ?? null,
    },
    executions:
      executions?.map(({ id, status, startedAt, endedAt, heartbeatAt, added }) => {
        const times = { startedAt, endedAt, heartbeatAt };
        return { id, status, ...times, evidence: added.evidence };
      }) ?? null,
  };
}

/** Whether reports of the source arrive; `null` where it takes none. */
async function channelOf(store: ActiveJobStore, { collections, ask }: Connection, now: Date) {
  if (!store.source.reports) return null;
  const { reportChannelStore } = await import('../../../functions/shared/store/own/report-channels.ts');
  const channels = reportChannelStore(collections, SILENT);
  return ask('reading whether reports arrive', lookAtChannel(store, channels, now, uncounted()));
}

/** The backend of the source; `words` is why there is none to ask. */
function backendOf({ source }: ActiveJobStore, connection: Connection) {
  if (!source.backend) return { backend: null, words: 'its source has none' };
  try {
    return { backend: openBackendOf(source.backend, connection), words: null };
  } catch (error) {
    if (error instanceof CannotCheck) return { backend: null, words: error.message };
    throw error;
  }
}

async function plansWith(
  name: string,
  { collections, ask }: Connection,
): Promise<Story['artifacts']['plans']> {
  const { cleanupPlanStore } = await import('../../../functions/shared/store/own/cleanup-plans.ts');
  const store = cleanupPlanStore(collections, SILENT);
  const plans = await ask('reading the plans', store.newest(PLANS));
  const found = await Promise.all(
    plans.map(async ({ planId, createdAt, status }) => {
      const lines = await ask(`reading the lines of ${planId}`, store.lines(planId));
      return lines
        .filter(({ job }) => job === name)
        .map(({ decision, reason, because }) => ({ planId, createdAt, status, decision, reason, because }));
    }),
  );
  return found.flat();
}

async function daysWith(job: Job, { collections, ask }: Connection, now: Date): Promise<Story['days']> {
  const { dayStore } = await import('../../../functions/shared/store/own/days.ts');
  const store = dayStore(collections, SILENT);
  const { fault, each } = daysOf(job, now);
  const dates = each.map(({ date }) => date);
  const { tally } = uncounted();
  const countedOn: string[] = [];
  const [stored, dirty] = await Promise.all([
    ask('reading its days', store.load(dates.slice(-DAYS_LOOKED_UP), tally)),
    ask('reading the days in doubt', store.dirty(tally)),
    ask(
      'looking for days that count it',
      store.countedOn([job.name], tally, (_, date) => countedOn.push(date)),
    ),
  ]);
  const isIts = (date: string) => dates.includes(date) || countedOn.includes(date);
  return {
    fault,
    each,
    countedOn: countedOn.sort(),
    stored: Object.fromEntries(
      [...stored].flatMap(([date, { data }]) => (data ? [[date, data.status]] : [])),
    ),
    dirty: Object.fromEntries(
      [...dirty].flatMap(([date, { data }]) => (isIts(date) ? [[date, data.cause]] : [])),
    ),
  };
}
