import { isDeepStrictEqual } from 'node:util';

/** A stretch of time: what comes after `from`, up to `to`. */
export interface Span {
  from: Date;
  to: Date;
}

/** How something stood at the beginning of a span, `null` where it was not there yet, and how it stands at its end. */
export interface Change<Seen> {
  before: Seen | null;
  after: Seen;
}

/** What has begun or changed within a span, of `plans` whose whole course is settled; `seenAt` tells how one stands. */
export function changesWithin<Plan extends { createdAt: Date }, Seen>(
  { from, to }: Span,
  plans: readonly Plan[],
  seenAt: (plan: Plan, at: Date) => Seen,
): Change<Seen>[] {
  return plans
    .filter(({ createdAt }) => createdAt <= to)
    .map((plan) => ({
      before: plan.createdAt <= from ? seenAt(plan, from) : null,
      after: seenAt(plan, to),
    }))
    .filter(({ before, after }) => !isDeepStrictEqual(before, after));
}
