import { addDays, type Day, dayOf, daysBetween } from '../../../functions/shared/dates.ts';
import { nearest } from '../../../functions/shared/problems.ts';
import { parseDay, type Since, sinceAt } from '../shared/options.ts';
import { usage } from '../shared/problem.ts';

export const DEFAULT_DAYS = 14;
const MOST_DAYS = 400;

/** The options that name a range of days. */
export interface RangeOptions {
  from?: Day;
  to?: Day;
  since?: Since;
}

/** Parses the argument of `days`. Throws a usage problem for a mistyped day, and another for a mistyped subcommand. */
export function dayOrCommand(word: string): Day {
  if (/^\d/.test(word)) return parseDay(word);
  const near = nearest(word, ['accept']);
  throw usage(`Unknown command "days ${word}"${near ? `, did you mean "days ${near}"?` : ''}`);
}

/** The days asked for, both ends included. Throws when they are none or too many. */
export function rangeOf(options: RangeOptions, now: Date): { from: Day; to: Day } {
  if (options.from !== undefined && options.since !== undefined)
    throw usage('Cannot use --since beside --from: either of them');
  const to = options.to ?? addDays(dayOf(now), -1);
  const since = options.since === undefined ? undefined : dayOf(sinceAt(options.since, now));
  const from = options.from ?? since ?? addDays(to, 1 - DEFAULT_DAYS);
  const count = daysBetween(from, to).length;
  if (count === 0) throw usage(`Cannot show ${from} to ${to}: the first day is after the last`);
  if (count > MOST_DAYS)
    throw usage(`Cannot show ${from} to ${to}: ${count} days, at most ${MOST_DAYS} at once`);
  return { from, to };
}
