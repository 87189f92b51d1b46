import type { Limits } from '../../shared/cloud/rest/rest.ts';

/** Returns what gives the time that is left of `limits`, counted from now: calls one after another share one deadline. */
export function sharedDeadline({ limitMs, ...limits }: Limits): () => Limits {
  const endsAt = performance.now() + limitMs;
  return () => ({ ...limits, limitMs: Math.max(1, Math.round(endsAt - performance.now())) });
}
