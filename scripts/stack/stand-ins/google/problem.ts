/** A refusal in Google's words, and the body that says it (the form: https://google.aip.dev/193). */
export class GoogleProblem extends Error {
  override readonly name = 'GoogleProblem';
  readonly code: number;
  readonly status: string;
  /** Parts of the error that only some refusals have. */
  readonly more: object;
  constructor(code: number, status: string, message: string, more: object = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.more = more;
  }

  body(): object {
    return { error: { code: this.code, message: this.message, status: this.status, ...this.more } };
  }
}

const STATUSES: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  408: 'DEADLINE_EXCEEDED',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};

/** The refusal of an HTTP status. */
export function problemOf(code: number, message: string, more: object = {}): GoogleProblem {
  return new GoogleProblem(code, STATUSES[code] ?? 'UNKNOWN', message, more);
}

/** What was asked makes no sense. */
export function invalid(message: string): GoogleProblem {
  return problemOf(400, message);
}
