import fc from 'fast-check';
import type { ReportedRecord, TimedReport } from '../../../functions/report/rules/reported-record.ts';
import { addMs, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { isTerminal } from '../../../functions/shared/model/job/job.ts';
import type { StoredReport } from '../../../functions/shared/model/report/stored.ts';

/** Histories of a job, and what its record must be after them: worked out from the set of reports, as the fold is not. */

export const NOW = new Date('2026-11-28T12:00:00Z');
export const minutesAgo = (minutes: number) => addMs(NOW, -minutes * MINUTE_MS);

/** A job that is told of by up to three tries; only the newest may end for good, and nobody is heard of after it. */
export interface History {
  before: ReportedRecord;
  reports: TimedReport[];
}

export const NOTHING: ReportedRecord = {
  state: null,
  startedAt: null,
  heartbeatAt: null,
  endedAt: null,
  error: null,
  ending: null,
  foundAt: null,
  notBefore: null,
  writtenAt: null,
  isOneTry: false,
  others: null,
  report: null,
};

const befores = fc.constantFrom<ReportedRecord>(
  NOTHING,
  { ...NOTHING, state: 'queued' },
  { ...NOTHING, state: 'running', startedAt: minutesAgo(400), heartbeatAt: minutesAgo(395) },
  { ...NOTHING, state: 'suspended', startedAt: minutesAgo(400) },
  {
    ...NOTHING,
    state: 'failed',
    startedAt: minutesAgo(400),
    endedAt: minutesAgo(390),
    ending: 'presumed',
    foundAt: minutesAgo(100),
    error: 'Lost: silent',
  },
);

const lastWords = fc.constantFrom('none', 'gone', 'completed', 'failed', 'may-retry');

const executions = fc.array(
  fc.record({
    startsAfter: fc.integer({ min: 1, max: 60 }),
    isQueuedFirst: fc.boolean(),
    gaps: fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 13 }),
    lastWord: lastWords,
    progressFrom: fc.integer({ min: 0, max: 15 }),
  }),
  { minLength: 1, maxLength: 3 },
);

export const histories: fc.Arbitrary<History> = fc
  .record({ before: befores, executions })
  .map(({ before, executions: tries }) => {
    let start = 380;
    const all = tries.map((one, index) => {
      start -= one.startsAfter;
      const isNewest = index === tries.length - 1;
      const { lastWord } = one;
      const isFinal = lastWord === 'completed' || lastWord === 'failed';
      // Of several tries each must tell its start, for the newest is the one that started last.
      const isQueuedFirst = one.isQueuedFirst && tries.length === 1;
      const word = isFinal && !isNewest ? 'may-retry' : lastWord;
      return reportsOf(`e${index}`, start, { ...one, isQueuedFirst, lastWord: word });
    });
    const newest = all.at(-1) ?? [];
    const final = newest.findLast(({ state }) => state !== 'gone')?.at ?? NOW;
    return {
      before,
      reports: [
        ...all
          .slice(0, -1)
          .flat()
          .filter(({ at }) => at <= final),
        ...newest,
      ],
    };
  });

interface Try {
  isQueuedFirst: boolean;
  gaps: readonly number[];
  lastWord: string;
  progressFrom: number;
}

function reportsOf(execution: string, start: number, { isQueuedFirst, gaps, lastWord, progressFrom }: Try) {
  let minutes = start;
  return gaps.map((gap, index): TimedReport => {
    minutes = Math.max(0, minutes - gap);
    const isLast = index === gaps.length - 1;
    const isQueued = isQueuedFirst && index === 0 && !isLast;
    const base: TimedReport = {
      execution,
      seq: index + 1,
      at: minutesAgo(minutes),
      clock: 'boot',
      startedAt: isQueued ? null : minutesAgo(start),
      state: isQueued ? 'queued' : 'running',
      by: null,
      host: `host-${execution}`,
      ...(index >= progressFrom ? { progress: { step: index } } : {}),
    } as TimedReport;
    if (!isLast || lastWord === 'none') return base;
    // Somebody has to have heard of it before.
    if (lastWord === 'gone' && index === 0) return base;
    if (lastWord === 'gone') return { ...base, state: 'gone' };
    const state = lastWord === 'completed' ? 'completed' : 'failed';
    const end = {
      state,
      exitCode: state === 'failed' ? 1 : 0,
      cause: 'exit',
      final: lastWord !== 'may-retry',
    };
    return { ...base, state, end } as TimedReport;
  });
}

/** What of a record must not depend on how its reports came. */
export function comparable({ report, ...record }: ReportedRecord) {
  if (!report) return { ...record, report };
  const { receivedAt: _, progressAt: __, endReceivedAt, rivals, ...told } = report;
  const byName = rivals.toSorted((a, b) => a.execution.localeCompare(b.execution));
  return { ...record, report: { ...told, isEndReceived: endReceivedAt !== null, rivals: byName } };
}

/** The record after a history, from the set of its reports. */
export function expected({ before, reports }: History): ReturnType<typeof comparable> {
  const tries = [...Map.groupBy(reports, ({ execution }) => execution ?? '').values()].map(tryOf);
  // A try of which only its queue is known began when it was heard of.
  const newest = tries.reduce((a, b) => (b.startMs >= a.startMs ? b : a));
  const { last } = newest;
  const final = last.end && last.end.final !== false ? last.end : null;
  const wasEnded = before.state !== null && isTerminal(before.state);
  const told = latest([...tries.flatMap(({ aliveAt }) => aliveAt ?? []), before.heartbeatAt]);
  const moves = !wasEnded || final !== null;
  return {
    ...before,
    state: final?.state ?? (wasEnded ? before.state : activeState(before, tries)),
    startedAt: moves
      ? latest([...tries.map(({ startedAt }) => startedAt), before.startedAt])
      : before.startedAt,
    heartbeatAt:
      moves && !wasEnded ? told : moves ? latest([before.heartbeatAt, newest.aliveAt]) : before.heartbeatAt,
    endedAt: final ? last.at : before.endedAt,
    error: final ? (final.state === 'failed' ? 'Exit code 1' : null) : before.error,
    ending: final ? 'recorded' : before.ending,
    report: storedOf(newest, tries, final !== null, wasEnded),
  };
}

interface TryKnown {
  execution: string;
  last: TimedReport;
  startedAt: Date | null;
  startMs: number;
  aliveAt: Date | null;
}

function tryOf(reports: readonly TimedReport[]): TryKnown {
  const last = reports.reduce((a, b) => ((b.seq ?? 0) > (a.seq ?? 0) ? b : a));
  const startedAt = last.state === 'queued' ? null : last.startedAt;
  const alive = reports.filter(({ state }) => state !== 'gone').map(({ at }) => at);
  const startMs = (startedAt ?? last.at).getTime();
  return { execution: last.execution ?? '', last, startedAt, startMs, aliveAt: latest(alive) };
}

function activeState(before: ReportedRecord, tries: readonly TryKnown[]): ReportedRecord['state'] {
  const hasRun = tries.some(({ last }) => last.state !== 'queued');
  return hasRun ? 'running' : (before.state ?? 'queued');
}

function storedOf(
  { execution, last, startedAt, aliveAt, startMs }: TryKnown,
  tries: TryKnown[],
  isEnd: boolean,
  wasEnded: boolean,
) {
  const { progress, end, state, at, host = null, seq = null } = last;
  const rivals = tries
    .filter(
      (one) => one.execution !== execution && one.last.state !== 'queued' && one.last.at.getTime() > startMs,
    )
    .map((one) => ({
      execution: one.execution,
      seq: one.last.seq ?? null,
      host: one.last.host ?? null,
      aliveAt: one.last.at,
      live: one.last.state === 'running',
    }))
    .sort((a, b) => a.execution.localeCompare(b.execution));
  const told: Omit<StoredReport, 'receivedAt' | 'progressAt' | 'endReceivedAt'> & { isEndReceived: boolean } =
    {
      execution,
      seq,
      attempt: null,
      host,
      by: null,
      clock: 'boot',
      aliveAt,
      startedAt,
      saidStart: null,
      recordStart: null,
      restarted: false,
      state,
      cause: end?.cause ?? null,
      exitCode: end?.exitCode ?? null,
      signal: null,
      checkpoint: null,
      progress: progress ? { fraction: null, step: progress.step ?? null, of: null, note: null } : null,
      goneAt: state === 'gone' ? at : null,
      stopping: false,
      contradictions: [],
      falseLost: isEnd && wasEnded,
      isEndReceived: isEnd,
      rivals,
    };
  return told;
}

function latest(times: readonly (Date | null)[]): Date | null {
  const known = times.flatMap((at) => at?.getTime() ?? []);
  return known.length > 0 ? new Date(Math.max(...known)) : null;
}
