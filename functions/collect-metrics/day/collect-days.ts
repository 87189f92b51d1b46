import { addDays, type Day, daysBetween } from '../../shared/dates.ts';
import { RecordChanged } from '../../shared/errors.ts';
import type { DailyMetrics, MetricSource } from '../../shared/model/day/day.ts';
import type { RunProblem } from '../../shared/model/run/run.ts';
import type { RunContext } from '../../shared/run/task.ts';
import { type RecordReader, RecordsUnread } from '../records/record-reader.ts';
import type { Result, Results } from '../rules/accept.ts';
import { shortId } from '../rules/faults.ts';
import { figuresOf } from '../rules/figures.ts';
import { brokenDays, chunked, daysToHeal, type PlannedDay } from '../rules/plan.ts';
import type { PlatformAnswers } from '../sources/ask-platform.ts';
import { type CollectedDay, type DayAccess, dayCollection, type PlanFacts } from './collect-day.ts';

/** After this share of the budget no further day is begun: the others are reported as `remaining`, for the next run. */
const BUDGET_SHARE = 0.8;

/** The result of collecting the days of a run. */
export interface Collection {
  /** In the order of their collection. */
  days: readonly CollectedDay[];
  /** Days for which no time was left. */
  remaining: readonly Day[];
  problems: readonly RunProblem[];
  /** Every source that was asked, and why it failed; `null` for one that answered. */
  errors: ReadonlyMap<MetricSource, string | null>;
}

/** Collects the planned days. With `heals`, also the days beside one whose checks are broken then. */
export async function collectDays(
  planned: readonly PlannedDay[],
  { today, heals }: { today: Day; heals: boolean },
  run: RunContext<unknown>,
  access: DayAccess & { answers: PlatformAnswers },
  facts: PlanFacts,
): Promise<Collection> {
  const collection = newCollection(run, access, facts, newestOf(planned));
  await collection.collect(planned);
  if (heals) await collection.heal(planned, today);
  return collection.result();
}

function newestOf(planned: readonly PlannedDay[]): Day | undefined {
  return planned
    .map(({ date }) => date)
    .sort()
    .at(-1);
}

/** The collection of one run. Faulty records that name no day are reported on `newest`. */
function newCollection(
  run: RunContext<unknown>,
  access: DayAccess & { answers: PlatformAnswers },
  facts: PlanFacts,
  newest: Day | undefined,
) {
  const { days, readers, tally, answers } = access;
  const collectDay = dayCollection(run, access, facts);
  const collected = new Map<Day, CollectedDay>();
  const remaining: Day[] = [];
  /** By path, so that each is reported once. */
  const problems = new Map<string, RunProblem>();
  const errors = new Map<MetricSource, string | null>();
  const isLate = () => run.budgetUsed() > BUDGET_SHARE;

  /** Collects days, oldest first; those that follow each other are read together. */
  async function collect(planned: readonly PlannedDay[]): Promise<void> {
    for (const chunk of chunked(planned)) await collectChunk(chunk);
  }

  /** Collects consecutive days. */
  async function collectChunk(chunk: readonly PlannedDay[]): Promise<void> {
    const dates = chunk.map(({ date }) => date);
    if (isLate()) {
      remaining.push(...dates);
      return;
    }
    const first = dates[0] as Day;
    const last = dates.at(-1) as Day;
    const [seen, ...read] = await Promise.all([
      days.load(daysBetween(addDays(first, -1), addDays(last, 1)), tally),
      ...readers.map((reader) => readChunk(reader, chunk)),
    ]);
    // A dry run stores nothing, so it goes by what it found for the days beside.
    if (run.dryRun)
      for (const [date, here] of seen)
        seen.set(date, { ...here, data: collected.get(date)?.day ?? here.data });
    for (const [index, date] of dates.entries()) {
      if (isLate()) {
        remaining.push(...dates.slice(index));
        return;
      }
      const results: Results = await answers.of(date);
      for (const resultsOn of read) Object.assign(results, resultsOn(date, seen.get(date)?.data ?? null));
      run.signal.throwIfAborted();
      note(results);
      try {
        const found = { at: run.startedAt, results };
        collected.set(date, await collectDay(date, found, seen, date === last));
      } catch (error) {
        run.signal.throwIfAborted();
        if (!(error instanceof RecordChanged || error instanceof RecordsUnread)) throw error;
        problems.set(date, { path: date, message: `${error.message}; the next run collects it again` });
      }
    }
  }

  /** Reads the records for those days of a chunk that ask for them; returns what gives the results of each day. */
  async function readChunk(
    reader: RecordReader,
    chunk: readonly PlannedDay[],
  ): Promise<(date: Day, stored: DailyMetrics | null) => Results> {
    const dates = chunk.filter(({ ask }) => ask.includes(reader.name)).map(({ date }) => date);
    const first = dates[0];
    const last = dates.at(-1);
    if (first === undefined || last === undefined) return () => ({});
    const reading = await reader.tried(() => reader.between(first, last));
    return (date, stored) => {
      if (!dates.includes(date)) return {};
      if ('error' in reading) return { [reader.name]: reading };
      const known = faultyIds(reader, stored);
      const reportsUndated = (id: string) => date === newest || known.has(shortId(id));
      const found = figuresOf(date, reading.read, run.startedAt, reportsUndated);
      return { [reader.name]: { durationMs: reading.durationMs, found } };
    };
  }

  /** Notes which sources answered, and which parts are missing. A source that failed on one day has failed in this run. */
  function note(results: Results): void {
    for (const [source, result] of Object.entries(results) as [MetricSource, Result<object>][]) {
      const missing =
        'found' in result && 'missing' in result.found ? (result.found.missing as string[]) : [];
      const error = 'error' in result ? result.error : (errors.get(source) ?? null);
      errors.set(source, error);
      const message = error ?? (missing.length > 0 ? `no answer from ${missing.join(', ')}` : undefined);
      if (message) problems.set(`sources.${source}`, { path: `sources.${source}`, message });
    }
  }

  /** Where a check is broken, also collects the day beside it that was not collected, until no such day is left. */
  async function heal(planned: readonly PlannedDay[], today: Day): Promise<void> {
    const ask = readers.map(({ name }) => name);
    const first = new Set(planned.map(({ date }) => date));
    const tried = new Set(first);
    while (remaining.length === 0 && readers.every((reader) => reader.failure() === null)) {
      // Healing stops at a day whose records vanished: a user who deletes old records must not lose their figures.
      const healable = [...collected.values()].filter(
        ({ date, day }) => first.has(date) || day.status !== 'conflict',
      );
      const beside = daysToHeal(brokenDays(healable), tried, today);
      if (beside.length === 0) return;
      for (const day of beside) tried.add(day);
      await collect(beside.map((date) => ({ date, ask })));
    }
  }

  function result(): Collection {
    const failed = readers.flatMap((reader): [MetricSource, string][] => {
      const failure = reader.failure();
      return failure === null ? [] : [[reader.name, failure]];
    });
    return {
      days: [...collected.values()],
      remaining,
      problems: [...problems.values()],
      errors: new Map([...errors, ...failed]),
    };
  }

  return { collect, heal, result };
}

/** The ids of faulty records, which a stored day does not count: it goes on reporting them. */
function faultyIds({ name }: RecordReader, stored: DailyMetrics | null): Set<string> {
  const faults = name === 'etl' ? stored?.checks.etl : stored?.checks;
  return new Set([...(faults?.malformed ?? []), ...(faults?.unmapped ?? [])]);
}
