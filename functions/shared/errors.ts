import type { Problem } from './problems.ts';

/** The caller asked for something that cannot be: answered 400 with every problem. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
  readonly problems: Problem[];
  constructor(problems: Problem[]) {
    super(problems.map((problem) => `${problem.path || 'body'}: ${problem.message}`).join('; '));
    this.problems = problems;
  }
}

/** A configuration file is wrong: start-up stops, naming key, value and expectation of every problem. */
export class InvalidConfiguration extends Error {
  override readonly name = 'InvalidConfiguration';
  readonly problems: readonly Problem[];
  constructor(file: string, problems: readonly Problem[]) {
    const lines = problems.map(
      ({ path, message, expected }) =>
        `  ${path || '(the whole file)'}: ${message}${expected ? `; expected ${expected}` : ''}`,
    );
    super(`Cannot use ${file}:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

/** A call did not answer in its time; the message names the call that was pending. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
  constructor(operation: string, limitMs: number, options?: ErrorOptions) {
    super(`Cannot finish ${operation}: no answer within ${limitMs} ms`, options);
  }
}

/** No job has the name that was given, or several have it, so that it is not clear which one is meant. */
export class NotOneJob extends Error {
  override readonly name = 'NotOneJob';
}

/** A record changed between its read and its write: nothing was written, the other change stands. */
export class RecordChanged extends Error {
  override readonly name = 'RecordChanged';
}

/** The run was taken over, or ended by another run: it may write nothing any more. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** What a caller may need to know of a failed call to a Google API, beside its message. */
export interface UpstreamFacts {
  /** Whether the same call may well succeed a moment later: the server or the way there, not the call, was at fault. */
  retryable: boolean;
  /** The HTTP status; null where no answer came, or one that cannot be read. */
  status?: number | null;
  /** No whole answer came: refused, broken off, too late, or the request could not be sent. */
  unanswered?: boolean;
  /** No answer came in the time of one try. */
  late?: boolean;
  /** The API is not enabled, or has no such place: it will not answer until somebody changes that. */
  unavailable?: boolean;
  /** The permission that is missing, where it is known. */
  permission?: string | null;
  /** How long the server asked to be left alone. */
  retryAfterMs?: number | null;
  /** Google itself answered that there is no such thing; the 404 of a proxy on the way does not count. */
  missing?: boolean;
}

/** A Google API refused, broke off, or gave an answer of another form than documented; the message names the call. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly retryable: boolean;
  readonly status: number | null;
  readonly unanswered: boolean;
  readonly late: boolean;
  readonly unavailable: boolean;
  readonly permission: string | null;
  readonly retryAfterMs: number | null;
  readonly missing: boolean;
  constructor(message: string, facts: UpstreamFacts, options?: ErrorOptions) {
    super(message, options);
    this.retryable = facts.retryable;
    this.status = facts.status ?? null;
    this.unanswered = facts.unanswered ?? false;
    this.late = facts.late ?? false;
    this.unavailable = facts.unavailable ?? false;
    this.permission = facts.permission ?? null;
    this.retryAfterMs = facts.retryAfterMs ?? null;
    this.missing = facts.missing ?? false;
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
