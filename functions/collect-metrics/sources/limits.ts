import type { Limits } from '../../shared/cloud/rest/rest.ts';

/** The time that is left of `limits`, counted from now: calls that begin one after the other share one end. */
export function sharedDeadline({ limitMs, ...limits }: Limits): () => Limits {
  const endsAt = performance.now() + limitMs;
  return () => ({ ...limits, limitMs: Math.max(1, Math.round(endsAt - performance.now())) });
}
