import type { BareReport } from '../outbox/report.ts';
import type { Failure } from './backoff.ts';

/** What came back over HTTP, or why nothing did. */
export type Outcome =
  | { kind: 'answer'; status: number; retryAfter: string | undefined; date: string | undefined; text: string }
  | { kind: 'failed'; reason: string };

/** What became of one report. */
export interface Fate {
  report: BareReport;
  /** As the service said it; `kept` where it said nothing final. */
  result: 'applied' | 'duplicate' | 'older' | 'contradicts' | 'ended' | 'rejected' | 'kept';
  /** The service's words, where it refused the report. */
  problems: string[];
  status: number;
}

/** What one answer means for the request. */
export type Judgement =
  | { kind: 'results'; fates: Fate[]; heartbeatSeconds: number | undefined; stop: string[] }
  /** The request as a whole is refused for what it holds: one of its reports may be to blame. */
  | { kind: 'poisoned'; status: number; problems: string[] }
  | { kind: 'unauthorized'; failure: Failure }
  | { kind: 'failed'; failure: Failure };

const SETTLED = ['applied', 'duplicate', 'older', 'contradicts', 'ended', 'rejected'];
const PASSING = [408, 425, 429];

/** Reads an answer to a request with these reports. */
export function judge(outcome: Outcome, reports: readonly BareReport[]): Judgement {
  if (outcome.kind === 'failed') return unreachable(outcome.reason);
  const { status, text } = outcome;
  const body = objectOf(text);
  if (status === 200) {
    if (!Array.isArray(body?.results)) return unreachable('an answer that cannot be read');
    return {
      kind: 'results',
      fates: reports.map((report) => fateOf(report, body.results as unknown[])),
      heartbeatSeconds: secondsOf(body.heartbeatSeconds),
      stop: Array.isArray(body.stop) ? body.stop.filter((job) => typeof job === 'string') : [],
    };
  }
  if (status === 400 || status === 413)
    return { kind: 'poisoned', status, problems: problemsOf(body?.problems) ?? [text.slice(0, 500)] };
  if (status >= 500 || PASSING.includes(status))
    return unreachable(String(status), retryAfterMs(outcome.retryAfter, outcome.date));
  const failure: Failure = { kind: 'refused', reason: String(status), retryAfterMs: 0 };
  return status === 401 ? { kind: 'unauthorized', failure } : { kind: 'failed', failure };
}

function unreachable(reason: string, retryAfterMs = 0): Judgement {
  return { kind: 'failed', failure: { kind: 'unreachable', reason, retryAfterMs } };
}

function fateOf(report: BareReport, results: unknown[]): Fate {
  const own = results.find((it): it is { result: unknown; problems?: unknown } => {
    const { job, execution, seq } = (it ?? {}) as Record<string, unknown>;
    return job === report.job && execution === report.execution && (seq ?? undefined) === report.seq;
  });
  const result = SETTLED.includes(own?.result as string) ? (own?.result as Fate['result']) : 'kept';
  return { report, result, problems: problemsOf(own?.problems) ?? [], status: 200 };
}

/** Problems as the project's functions tell them, `{path, message, expected}`, or in plain words. */
function problemsOf(problems: unknown): string[] | undefined {
  if (!Array.isArray(problems) || problems.length === 0) return undefined;
  return problems.map((problem) => {
    if (typeof problem === 'string') return problem;
    const { path, message } = (problem ?? {}) as Record<string, unknown>;
    return [path, message].filter((part) => typeof part === 'string' && part !== '').join(': ');
  });
}

/** A pace that makes sense; a service that asks for another one is not obeyed. */
function secondsOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 1 && value <= 3_600 ? value : undefined;
}

/** Seconds, or a date: that is the service's own, so it is measured by the date that it sent along. */
function retryAfterMs(retryAfter = '', date = ''): number {
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter) * 1_000;
  const wait = Date.parse(retryAfter) - Date.parse(date);
  return Number.isFinite(wait) ? Math.max(0, wait) : 0;
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
