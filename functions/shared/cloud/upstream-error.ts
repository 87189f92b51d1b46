/** What a caller may need to know of a failed call, beside its message. */
export interface UpstreamFacts {
  /** Whether the same call may well succeed a moment later: the server or the way there, not the call, was at fault. */
  retryable: boolean;
  /** The HTTP status; null where no answer came, or one that nobody can read. */
  status?: number | null;
  /** The permission that is missing, as far as anybody can tell. */
  permission?: string | null;
  /** How long the server asked to be left alone. */
  retryAfterMs?: number | null;
}

/** A Google API refused, broke off, or answered something else than it promises; the message says which, and where. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly retryable: boolean;
  readonly status: number | null;
  readonly permission: string | null;
  readonly retryAfterMs: number | null;
  constructor(message: string, facts: UpstreamFacts, options?: ErrorOptions) {
    super(message, options);
    this.retryable = facts.retryable;
    this.status = facts.status ?? null;
    this.permission = facts.permission ?? null;
    this.retryAfterMs = facts.retryAfterMs ?? null;
  }
}
