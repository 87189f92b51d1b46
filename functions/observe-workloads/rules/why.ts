import { bounded, type End, newEnd, type PlatformSaid } from '../../shared/model/workload/end.ts';
import { type Reason, reasonOf } from '../../shared/model/workload/reason.ts';
import type { Row, StoredReason } from '../../shared/model/workload/row.ts';
import { OWN_PATTERNS, type OwnPatterns } from '../../shared/model/workload/rules/own.ts';
import { shorten } from '../../shared/model/workload/shorten.ts';
import { CRASHED } from '../../shared/model/workload/tables/completed.ts';
import type { TableName } from '../../shared/model/workload/tables.ts';

/** Why a workload ended: by what its platform says, and where that is not enough, by its log. */

/** Counts up with the rules, so that ends that older ones judged are judged again, by what is kept of their logs. */
const RULES = 2;

/** Categories that say no more than that something failed. */
const POINTERS = ['unknown', 'own'];
/** A build names the step that failed, and never why. */
const FAILING_STEP = /build step \d+/i;
/** The rule of a reason that is the state itself. */
const VERDICT = 'state';
/** Words of platforms for such states. */
const VERDICTS: Readonly<Record<string, Pick<StoredReason, 'line' | 'category'>>> = {
  TIMEOUT: { line: 'Timed out (limit of the build)', category: 'timeout' },
  EXPIRED: { line: 'Waited in the queue past its limit', category: 'timeout' },
  INTERNAL_ERROR: { line: 'Internal error of Google', category: 'internal' },
  JOB_STATE_EXPIRED: { line: 'Waited for resources past its limit', category: 'timeout' },
  preempted: { line: 'Preempted: its machine was taken away', category: 'preempted' },
  // Nobody knows why, so the console may say more.
  [CRASHED]: { line: 'Crashed: W&B has heard nothing for 5 min', category: 'unknown' },
};

/** The source of a reason that Vertex AI gave for a run of W&B. */
export const FROM_VERTEX = 'vertex-ai';

/** The end of a workload that was just seen, with the reason as far as its platform tells it. */
export function firstEnd(table: TableName, row: Row, said: PlatformSaid, now: Date): End {
  const end = newEnd(table, row, said, { needsLog: needsLog(table, row, said), now });
  return judged(end, []);
}

/** The end that is known, once more judged where its platform says something else by now, or the rules are newer. */
export function judgedAgain(end: End, said: PlatformSaid | undefined, own = OWN_PATTERNS): End {
  const platform = said ? bounded(said) : end.platform;
  const saysOther = JSON.stringify(platform) !== JSON.stringify(end.platform);
  if (!saysOther && end.rules === RULES) return end;
  const again = judged({ ...end, platform }, end.tail, own);
  if (end.reason?.source !== 'log' || !isTold(end.reason) || again.reason?.source !== 'log') return again;
  // The whole log told more than its last lines, which are all that was kept: newer rules have to find something in them.
  return end.rules === RULES || !isTold(again.reason) ? { ...again, reason: end.reason } : again;
}

/** An end with the reason that its platform and the lines of its log give; `own` are the words of a runner. */
export function judged(end: End, lines: readonly string[], own = OWN_PATTERNS): End {
  const reason = reasonFor(end, lines, own);
  // What Vertex AI said once stays, for its job may be listed no more.
  const keeps = end.reason?.source === FROM_VERTEX && !isTold(reason);
  return {
    ...end,
    reason: keeps ? end.reason : reason,
    jobs: end.table === 'runner' ? (jobsIn(lines, own) ?? end.jobs) : null,
    rules: RULES,
  };
}

/** Whether a runner's log is asked for its counter alone. */
export function isCounted({ table, state }: Pick<End, 'table' | 'state'>): boolean {
  return table === 'runner' && state === 'completed';
}

function needsLog(table: TableName, row: Row, said: PlatformSaid): boolean {
  if (row.state === 'completed') return isCounted({ table, state: row.state });
  return row.state === 'failed' && !isTold(platformReason(said));
}

function reasonFor(end: End, lines: readonly string[], own: OwnPatterns): StoredReason | null {
  if (end.state === 'cancelled') return cancelled(end.platform);
  const words = end.table === 'runner' ? own : OWN_PATTERNS;
  // A runner counts its jobs, however it ended itself.
  const failed = end.state === 'failed' && end.table !== 'runner';
  const fromLog = lines.length > 0 ? stored(reasonOf(lines, words, { failed }), 'log') : null;
  if (end.state === 'completed') return fromLog;
  const said = platformReason(end.platform);
  if (isTold(said)) return said;
  if (isTold(fromLog)) return fromLog;
  // Not before the log was empty to the last: until then entries may come.
  if (end.log === 'empty' && end.nextTryAt === null) return silent(said);
  return said?.rule === VERDICT ? said : (fromLog ?? said);
}

/** What is said of a workload that failed and has logged nothing. */
function silent(own: StoredReason | null): StoredReason {
  const said = own ? `${own.line.replace(/\.$/, '')}; no output` : 'no output';
  return { line: shorten(said), category: 'unknown', source: 'log', rule: 'no-output' };
}

/** The reason in what the platform says, and in which part of that: what says why goes before what says only that. */
function platformReason({ errorMessage, failureInfo, condition }: PlatformSaid): StoredReason | null {
  const verdict = VERDICTS[/^\w+/.exec(condition ?? '')?.[0] ?? ''];
  if (verdict) return { line: verdict.line, category: verdict.category, source: 'condition', rule: VERDICT };
  const parts: [source: string, text: string | null][] = [
    ['error', errorMessage],
    ['failureInfo', failureInfo],
    ['condition', condition],
  ];
  const reasons = parts.flatMap(([source, text]) => (text ? [reasonIn(text, source)] : []));
  return reasons.find(isTold) ?? reasons[0] ?? null;
}

function reasonIn(text: string, source: string): StoredReason {
  const { line, category, rule } = reasonOf([text], OWN_PATTERNS, { failed: true });
  return { line, category: FAILING_STEP.test(text) ? 'unknown' : category, source, rule };
}

/** Whether a reason says why something ended, and not only that it did. */
export function isTold(reason: StoredReason | null): boolean {
  return reason !== null && !POINTERS.includes(reason.category);
}

function cancelled({ condition }: PlatformSaid): StoredReason {
  return {
    line: 'Cancelled',
    category: 'cancelled',
    source: condition ? 'condition' : 'state',
    rule: 'cancelled',
  };
}

function stored({ line, category, rule }: Reason, source: string): StoredReason {
  return { line, category, source, rule };
}

/** The largest count that a runner gave; it may have been told more than once. */
function jobsIn(lines: readonly string[], { counter }: OwnPatterns): number | null {
  const counts = lines.flatMap((line) => counter.exec(line)?.[1] ?? []).map(Number);
  return counts.length > 0 ? Math.max(...counts) : null;
}
