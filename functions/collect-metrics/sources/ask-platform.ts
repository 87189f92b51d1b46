import { pooledMap, withDeadline } from '../../shared/concurrency.ts';
import { type Day, earlierOf, endOfDay, SECOND_MS } from '../../shared/dates.ts';
import { messageOf } from '../../shared/errors.ts';
import { type PlatformFigures, type PlatformSource, sectionOf } from '../../shared/model/day/platform.ts';
import type { RunContext } from '../../shared/run/task.ts';
import type { Results } from '../rules/accept.ts';
import { canSeeNow } from '../rules/seen-once.ts';
import type { Collect, DayQuery } from './source.ts';

/** The metric sources of the platform that the settings name, each with how long it may take for a day. */
export type Platform = {
  [Source in PlatformSource]?: { collect: Collect<Source>; deadlineMs: number };
};

/** The run that asks. */
type AskingRun = Pick<RunContext<unknown>, 'startedAt' | 'signal' | 'log'>;

/** Days that one source is asked for side by side. */
const DAYS_AT_ONCE = 4;
/** A source gets a little less than its deadline, so that its own error can name the call that was pending. */
const OWN_SHARE = 0.95;

export interface PlatformAnswers {
  /** Waits for every source that was asked for `date`, and returns what each found or why it failed. Never rejects. */
  of(date: Day): Promise<Results>;

  /** Stops every call that is still under way. */
  stop(): void;
}

/**
 * Asks the sources of the platform for days, all at once and each by its own deadline: together they take as long as the
 * slowest. One that failed or hung is not asked for any further day.
 */
export function askPlatform(
  platform: Platform,
  wanted: ReadonlyMap<PlatformSource, readonly Day[]>,
  run: AskingRun,
): PlatformAnswers {
  const stopped = new AbortController();
  const results = new Map<Day, Promise<Results>[]>();
  for (const [source, days] of wanted) {
    const entry = platform[source];
    if (!entry) continue;
    const found = new Map(days.map((date) => [date, Promise.withResolvers<Results>()]));
    for (const [date, { promise }] of found) results.set(date, [...(results.get(date) ?? []), promise]);
    const signal = AbortSignal.any([run.signal, stopped.signal]);
    void askSource(source, entry, days, { startedAt: run.startedAt, signal, log: run.log }, (date, result) =>
      found.get(date)?.resolve(result),
    );
  }
  return {
    async of(date) {
      return Object.assign({}, ...(await Promise.all(results.get(date) ?? [])));
    },
    stop: () => stopped.abort(new Error('Nobody waits for this day any more')),
  };
}

/** Asks one source for all its days. Every day gets a result, also where the source fails. */
async function askSource(
  source: PlatformSource,
  { collect, deadlineMs }: { collect: Collect<PlatformSource>; deadlineMs: number },
  days: readonly Day[],
  { startedAt, signal, log }: AskingRun,
  onResult: (date: Day, result: Results) => void,
): Promise<void> {
  const failed = new AbortController();
  const within = AbortSignal.any([signal, failed.signal]);
  await pooledMap(days, DAYS_AT_ONCE, async (date) => {
    const begun = performance.now();
    const took = () => Math.round(performance.now() - begun);
    try {
      within.throwIfAborted();
      const work = collect(queryOf(date, startedAt), { limitMs: deadlineMs * OWN_SHARE, signal: within });
      const answer = await withDeadline(work, deadlineMs, `metric source ${source} for ${date}`, {
        signal: within,
        onLate: (error) => log.debug(`Metric source ${source} failed after it was given up on: ${error}`),
      });
      onResult(date, { [source]: { durationMs: took(), found: proven(source, answer) } });
    } catch (error) {
      if (!within.aborted) {
        log.error(`Metric source ${source} failed`, error);
        failed.abort(error);
      }
      const reason = failed.signal.aborted ? failed.signal.reason : error;
      onResult(date, { [source]: { durationMs: took(), error: messageOf(reason) } });
    }
  });
}

/** Checks an answer against the schema of its section, so that nothing else is stored in a day. Throws a TypeError. */
function proven(source: PlatformSource, answer: unknown): PlatformFigures[PlatformSource] {
  const parsed = sectionOf(source).figures.safeParse(answer);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '));
  throw new TypeError(`Cannot take what metric source ${source} found: ${issues.join('; ')}`);
}

function queryOf(date: Day, now: Date): DayQuery {
  const until = earlierOf(endOfDay(date), wholeSecond(now));
  return { date, until, lookNow: canSeeNow(date, now) };
}

/** Cuts off the milliseconds: Monitoring counts in whole seconds. */
function wholeSecond(now: Date): Date {
  return new Date(Math.floor(now.getTime() / SECOND_MS) * SECOND_MS);
}
