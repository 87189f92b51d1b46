import type { Clock } from '../shared/clock.ts';
import { InvalidRequest } from '../shared/errors.ts';
import type { PostedRequest, PostHandler } from '../shared/http/post-service.ts';
import { comeAgain, refusal, type ServiceAnswer } from '../shared/http/service-answer.ts';
import type { Log } from '../shared/log.ts';
import { limitsOf } from '../shared/model/job/sweep-limits.ts';
import { heartbeatSeconds, type ReportAnswer, type ResultOfReport } from '../shared/model/report/answer.ts';
import {
  DEFAULT_SOURCE,
  type Envelope,
  envelopeSchema,
  MOST_JOBS,
  reportSchema,
} from '../shared/model/report/report.ts';
import { type Allowance, allowanceOf } from '../shared/model/report/settings.ts';
import { type Problem, parseWithProblems } from '../shared/problems.ts';
import type { ReportRecordStore } from '../shared/store/own/report-records.ts';
import type { ReportedJobStore } from '../shared/store/sources/reported-jobs.ts';
import { keepAlarms } from './alarm-keeper.ts';
import type { Channel } from './channel.ts';
import { type HeldJobs, heldJobs } from './held-jobs.ts';
import type { Identify } from './identity.ts';
import type { JobReports, Outcome, Prepared } from './prepare.ts';
import { recordReports } from './record-reports.ts';
import type { TimedReport } from './rules/reported-record.ts';
import { eventTimes } from './rules/times.ts';

/** Jobs whose records an instance holds, of each source: some 2 KB each. */
const MOST_HELD = 10_000;
const JSON_TYPE = 'application/json';

/** A source that takes reports. */
export interface ReportedSource {
  store: ReportedJobStore;
  channel: Channel;
}

/** What the service is made of. */
export interface ReportTools {
  sources: ReadonlyMap<string, ReportedSource>;
  own: ReportRecordStore;
  identify: Identify;
  /** The job and source that a job token is for; `null` for none that is ours. */
  readToken(token: string, now: Date): { source: string; job: string } | null;
  /** Beside an emulator anybody may report any job. */
  isOpen: boolean;
  clock: Clock;
  log: Log;
  /** How long a call of Firestore may take. */
  callMs: number;
  /** Whether an error says that Firestore is out of reach for now. */
  isAway(error: unknown): boolean;
}

/** A report that can be read, or what is wrong with it. */
type Read = { job: string; report: TimedReport } | { problems: Problem[]; raw: unknown };

/** Takes reports of jobs. Writes the records of the sources that take reports, and nothing else of the user's. */
export function report(tools: ReportTools): PostHandler {
  const heldBySource = new Map<string, HeldJobs>();
  const alarms = keepAlarms(tools.own, tools.log);

  /** Records the reports of one request. */
  async function record(source: ReportedSource, asked: Asked, signal: AbortSignal): Promise<ReportAnswer> {
    const { store, channel } = source;
    const { now, by, allowance, reads } = asked;
    const jobs = jobsIn(reads);
    const who = by ?? 'anyone';
    const canCreate = store.source.reports?.create === true;
    const held = heldOf(store.name);
    const isNew = canCreate && jobs.some(({ id }) => !held.get(id));
    let room = isNew ? await channel.roomFor(who, now, signal) : 0;
    const mayCreate = () => room-- > 0;
    const prepared = await recordReports(jobs, {
      store,
      held,
      own: tools.own,
      rules: { source: store.source, allowance, now, mayCreate },
      limits: { limitMs: tools.callMs, signal },
    });
    await alarms.follow(store.name, prepared, limitsOf(store.source.sweep, ''), now);
    const results = resultsOf(reads, prepared);
    await channel.add(newsOf(results, prepared), who, now);
    return {
      receivedAt: now.toISOString(),
      results,
      heartbeatSeconds: heartbeatSeconds(limitsOf(store.source.sweep, '').staleAfterMs),
      stop: prepared
        .filter(({ folded }) => folded?.stopRequested && !folded.after.ending)
        .map(({ id }) => id),
      problems: [],
    };
  }

  function heldOf(name: string) {
    const own = heldBySource.get(name) ?? heldJobs(MOST_HELD);
    heldBySource.set(name, own);
    return own;
  }

  return async (request) => {
    const now = tools.clock.now();
    const envelope = envelopeIn(request.body);
    const admitted = await admit(envelope, request, now, tools);
    if ('refusal' in admitted) return admitted.refusal;
    const { source, by, allowance } = admitted;
    const reads = envelope.reports.map((one) => readReport(one, envelope, by, now));
    try {
      const answer = await record(source, { now, by, allowance, reads }, request.signal);
      return { status: 200, contentType: JSON_TYPE, body: `${JSON.stringify(answer)}\n` };
    } catch (error) {
      if (!tools.isAway(error)) throw error;
      tools.log.warning('Firestore is out of reach', { error: String(error) });
      return comeAgain('The records are out of reach');
    }
  };
}

/** A request that is taken. */
interface Asked {
  now: Date;
  by: string | null;
  allowance: Allowance;
  reads: readonly Read[];
}

/** The request, or the one report that is the whole of it. */
function envelopeIn(body: unknown): Envelope {
  const isBare = typeof body === 'object' && body !== null && 'job' in body && !('reports' in body);
  const parsed = parseWithProblems(envelopeSchema, isBare ? { ...body, reports: [body] } : body);
  if (!parsed.ok) throw new InvalidRequest(parsed.problems);
  const jobs = new Set(parsed.value.reports.map((one) => (one as { job?: unknown } | null)?.job));
  if (jobs.size <= MOST_JOBS) return parsed.value;
  throw new InvalidRequest([
    { path: 'reports', message: `Reports of ${jobs.size} jobs`, expected: `of at most ${MOST_JOBS}` },
  ]);
}

type Admitted =
  | { source: ReportedSource; by: string | null; allowance: Allowance }
  | { refusal: ServiceAnswer };

/** Whether whoever asks may report to the source; the same words for one that there is not and one that is not theirs. */
async function admit(
  { source: name = DEFAULT_SOURCE, reports }: Envelope,
  { headers }: PostedRequest,
  now: Date,
  tools: ReportTools,
): Promise<Admitted> {
  const identity = await tools.identify(headers, now);
  if ('refused' in identity) {
    const { refused, message, expected } = identity;
    const problem = { path: 'headers.authorization', message, expected };
    return { refusal: refused === 503 ? comeAgain(message) : refusal(refused, [problem]) };
  }
  const { by } = identity;
  const source = tools.sources.get(name);
  const settings = source?.store.source.reports;
  const allowance = tools.isOpen ? {} : settings && by !== null ? allowanceOf(settings, by) : undefined;
  if (!source || !settings || !allowance)
    return forbidden(
      'source',
      `You may report no job of source ${name}`,
      'a source whose reports.from names you',
    );
  if (!settings.tokens) return { source, by, allowance };
  const given = headers['nightshift-job-token'];
  const claim = typeof given === 'string' ? tools.readToken(given, now) : null;
  if (!claim || claim.source !== name)
    return forbidden(
      'headers.nightshift-job-token',
      'There is no token of this source that holds',
      'a job token',
    );
  const isOfIt = reports.every((one) => (one as { job?: unknown } | null)?.job === claim.job);
  return isOfIt
    ? { source, by, allowance }
    : forbidden('reports', 'Not all reports are of the job of the token', 'one job in each request');
}

function forbidden(path: string, message: string, expected: string): { refusal: ServiceAnswer } {
  return { refusal: refusal(403, [{ path, message, expected }]) };
}

function readReport(raw: unknown, envelope: Envelope, by: string | null, now: Date): Read {
  const parsed = parseWithProblems(reportSchema, raw);
  if (!parsed.ok) return { problems: parsed.problems, raw };
  const { job, at: _, bootMs: __, bootId: ___, startedAt: ____, seq, ...told } = parsed.value;
  const { end, execution } = told;
  return {
    job,
    report: {
      ...told,
      ...eventTimes(parsed.value, envelope, now),
      // Those that name no execution count in the order in which they come.
      seq: execution === undefined ? undefined : seq,
      state: told.state ?? end?.state ?? 'running',
      ...endOf(told.state, end),
      by,
    },
  };
}

/** A bare word for an end, as curl sends it, is one. */
function endOf(state: TimedReport['state'] | undefined, end: TimedReport['end']): Pick<TimedReport, 'end'> {
  const isEnd = state === 'completed' || state === 'failed' || state === 'cancelled';
  return { end: end ?? (isEnd ? ({ state } as TimedReport['end']) : undefined) };
}

function jobsIn(reads: readonly Read[]): JobReports[] {
  const each = new Map<string, JobReports>();
  for (const [index, read] of reads.entries()) {
    if (!('job' in read)) continue;
    const one = each.get(read.job) ?? { id: read.job, reports: [] };
    one.reports.push({ index, report: read.report });
    each.set(read.job, one);
  }
  return [...each.values()];
}

function resultsOf(reads: readonly Read[], prepared: readonly Prepared[]): ResultOfReport[] {
  const outcomes = new Map(prepared.flatMap((one) => [...one.outcomes]));
  return reads.map((read, index): ResultOfReport => {
    if (!('job' in read)) return { ...namesIn(read.raw), result: 'rejected', problems: read.problems };
    const { job, report } = read;
    const outcome: Outcome = outcomes.get(index) ?? { result: 'later', execution: null };
    const { result, execution, problems } = outcome;
    const named = { job, execution: report.execution ?? execution, seq: report.seq ?? null, result };
    return problems ? { ...named, problems } : named;
  });
}

/** What a report that cannot be read calls itself, so that its reporter finds it again. */
function namesIn(raw: unknown): Pick<ResultOfReport, 'job' | 'execution' | 'seq'> {
  const { job, execution, seq } = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<
    string,
    unknown
  >;
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, 300) : null);
  return { job: text(job), execution: text(execution), seq: typeof seq === 'number' ? seq : null };
}

function newsOf(results: readonly ResultOfReport[], prepared: readonly Prepared[]) {
  return {
    accepted: results.filter(({ result }) => result !== 'rejected' && result !== 'later').length,
    falseLost: prepared.filter(
      ({ folded }) => folded?.before.ending === 'presumed' && folded.after.ending === 'recorded',
    ).length,
    created: prepared.filter(({ isNew }) => isNew).length,
  };
}
