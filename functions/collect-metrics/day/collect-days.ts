import { addDays, type Day, daysBetween } from '../../shared/dates.ts';
import { RecordChanged } from '../../shared/errors.ts';
import type { DailyMetrics, MetricSource } from '../../shared/model/day/day.ts';
import type { RunProblem } from '../../shared/model/run/run.ts';
import type { RunContext } from '../../shared/run/task.ts';
import { BookFailed, type RecordReader } from '../records/record-reader.ts';
import type { Result, Results } from '../rules/accept.ts';
import { toldId } from '../rules/faults.ts';
import { figuresOf } from '../rules/figures.ts';
import { brokenDays, chunked, daysToHeal, type PlannedDay } from '../rules/plan.ts';
import type { PlatformAnswers } from '../sources/ask-platform.ts';
import { type CollectedDay, collectDay, type DayTools } from './collect-day.ts';

/** Past this share of the budget no further day is begun: the rest is told as `remaining`, and is next run's. */
const BUDGET_SHARE = 0.8;

/** How far a run has come. */
export interface Progress {
  collected: Map<Day, CollectedDay>;
  /** Days that time ran out for. */
  remaining: Day[];
  /** By where they are, so that each is told once. */
  problems: Map<string, RunProblem>;
  /** Every source that was asked, and why it failed; `null` for one that answered. */
  asked: Map<MetricSource, string | null>;
}

export function newProgress(): Progress {
  return { collected: new Map(), remaining: [], problems: new Map(), asked: new Map() };
}

/** What days are collected with. */
export interface CollectionTools extends DayTools {
  answers: PlatformAnswers;
  /** The newest day of the run: what is wrong with records that name no day is told on it. */
  newest: Day | undefined;
}

/** What reading a book brought: what was read, or why nothing. */
type BookRead<T> = { read: T; durationMs: number } | { error: string; durationMs: number };

/** Collects days, oldest first; those whose records lie together are read together. */
export async function collectDays(
  planned: readonly PlannedDay[],
  progress: Progress,
  tools: CollectionTools,
): Promise<void> {
  for (const chunk of chunked(planned)) await collectChunk(chunk, progress, tools);
}

/** Where a check is broken, collects the days on the side that was not collected, too, until no day is left to try. */
export async function heal(
  planned: readonly PlannedDay[],
  today: Day,
  progress: Progress,
  tools: CollectionTools,
): Promise<void> {
  const ask = tools.books.map(({ name }) => name);
  const first = new Set(planned.map(({ date }) => date));
  const tried = new Set(first);
  const canHeal = () => progress.remaining.length === 0 && ask.every((book) => !progress.asked.get(book));
  while (canHeal()) {
    // Where it meets a day whose records vanished, healing ends: who deletes what is old must not lose the books of it.
    const healable = [...progress.collected.values()].filter(
      ({ date, day }) => first.has(date) || day.status !== 'conflict',
    );
    const beside = daysToHeal(brokenDays(healable), tried, today);
    if (beside.length === 0) return;
    for (const day of beside) tried.add(day);
    await collectDays(
      beside.map((date) => ({ date, ask })),
      progress,
      tools,
    );
  }
}

/** Reads from a book. One that fails blanks no good day: the stored figures stay, marked stale, and the run says so. */
export async function readRecords<T>(
  book: RecordReader,
  { signal, log }: RunContext<unknown>,
  { asked }: Progress,
  reading: () => Promise<T>,
): Promise<BookRead<T>> {
  const begun = performance.now();
  const took = () => Math.round(performance.now() - begun);
  try {
    return { read: await reading(), durationMs: took() };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof BookFailed)) throw error;
    if (!asked.get(book.name)) log.error(`Metric source ${book.name} failed`, error);
    asked.set(book.name, error.message);
    return { error: error.message, durationMs: took() };
  }
}

/** Collects consecutive days. */
async function collectChunk(
  chunk: readonly PlannedDay[],
  progress: Progress,
  tools: CollectionTools,
): Promise<void> {
  const { days, books, run, tally, answers } = tools;
  const { collected, remaining, problems } = progress;
  const dates = chunk.map(({ date }) => date);
  if (run.budgetUsed() > BUDGET_SHARE) return void remaining.push(...dates);
  const [first, last] = [dates[0] as Day, dates.at(-1) as Day];
  const [seen, ...read] = await Promise.all([
    days.load(daysBetween(addDays(first, -1), addDays(last, 1)), tally),
    ...books.map((book) => readChunk(book, chunk, progress, tools)),
  ]);
  // A dry run has stored nothing of what it found on the days beside.
  if (run.dryRun)
    for (const [date, here] of seen) seen.set(date, { ...here, data: collected.get(date)?.day ?? here.data });
  for (const [index, date] of dates.entries()) {
    if (run.budgetUsed() > BUDGET_SHARE) return void remaining.push(...dates.slice(index));
    const results: Results = await answers.of(date);
    for (const resultsOn of read) Object.assign(results, resultsOn(date, seen.get(date)?.data ?? null));
    run.signal.throwIfAborted();
    tell(results, progress);
    try {
      const found = { at: run.startedAt, results };
      collected.set(date, await collectDay(date, found, seen, date === last, tools));
    } catch (error) {
      run.signal.throwIfAborted();
      if (!(error instanceof RecordChanged || error instanceof BookFailed)) throw error;
      problems.set(date, { path: date, message: `${error.message}; the next run collects it again` });
    }
  }
}

/** Reads a book for those days of a chunk that ask for it; returns what it brings for each. */
async function readChunk(
  book: RecordReader,
  chunk: readonly PlannedDay[],
  progress: Progress,
  { run, newest }: CollectionTools,
): Promise<(date: Day, stored: DailyMetrics | null) => Results> {
  const dates = chunk.filter(({ ask }) => ask.includes(book.name)).map(({ date }) => date);
  const [first, last] = [dates[0], dates.at(-1)];
  if (first === undefined || last === undefined) return () => ({});
  const reading = await readRecords(book, run, progress, () => book.between(first, last));
  return (date, stored) => {
    if (!dates.includes(date)) return {};
    if ('error' in reading) return { [book.name]: reading };
    const told = idsTold(book, stored);
    const tellsUndated = (id: string) => date === newest || told.has(toldId(id));
    const found = figuresOf(date, reading.read, run.startedAt, tellsUndated);
    return { [book.name]: { durationMs: reading.durationMs, found } };
  };
}

/** The ids of records that left a stored day's figures: it goes on telling of them. */
function idsTold({ name }: RecordReader, stored: DailyMetrics | null): Set<string> {
  const faults = name === 'etl' ? stored?.checks.etl : stored?.checks;
  return new Set([...(faults?.malformed ?? []), ...(faults?.unmapped ?? [])]);
}

/** Notes which sources answered, and what of them is missing. */
function tell(results: Results, { asked, problems }: Progress): void {
  for (const [source, result] of Object.entries(results) as [MetricSource, Result<object>][]) {
    const missing = 'found' in result && 'missing' in result.found ? (result.found.missing as string[]) : [];
    const error = 'error' in result ? result.error : (asked.get(source) ?? null);
    asked.set(source, error);
    const message = error ?? (missing.length > 0 ? `no answer from ${missing.join(', ')}` : undefined);
    if (message) problems.set(`sources.${source}`, { path: `sources.${source}`, message });
  }
}
