import { addDays, type Day, dayOf, daysBetween } from '../shared/dates.ts';
import { RecordChanged } from '../shared/errors.ts';
import type { DailyMetrics } from '../shared/model/day.ts';
import type { RunProblem } from '../shared/model/run.ts';
import type { RunContext, Task, TaskResult } from '../shared/run/task.ts';
import type { DayStore } from '../shared/store/days.ts';
import type { JobStore, Tally } from '../shared/store/jobs.ts';
import type { Seen } from '../shared/store/records.ts';
import { type CollectedDay, collectDay, type DayTools } from './collect-day.ts';
import { findChanges, putChanges } from './dirty.ts';
import { figuresOf } from './figures.ts';
import { type CollectInput, collectInput, daysNamed } from './input.ts';
import { jobsSource, SourceFailed } from './jobs.ts';
import { brokenDays, chunked, daysToHeal, wholeRunDays, windowBefore } from './plan.ts';
import type { Collected } from './revise.ts';
import { summaryOf } from './summary.ts';

/** Past this share of the budget no further day is begun: the rest is told as `remaining`, and is next run's. */
const BUDGET_SHARE = 0.8;

/** The figures of yesterday, and of past days that are missing, not final or in doubt. */
export function collectMetrics(stores: readonly JobStore[], days: DayStore): Task<CollectInput> {
  return { name: 'collect-metrics', input: collectInput, run: (run) => collect(run, stores, days) };
}

async function collect(
  run: RunContext<CollectInput>,
  stores: readonly JobStore[],
  days: DayStore,
): Promise<TaskResult> {
  const today = dayOf(run.basis);
  const tally = { documents: 0 };
  const options = { tally, signal: run.signal };
  const jobs = jobsSource(stores, options);
  const problems = new Map<string, RunProblem>();

  // 1. Which days: those named, or the duty of a whole run.
  const named = daysNamed(run.input, today);
  if (!named) {
    const changes = await findChanges(jobs, days, { today, now: run.startedAt }, tally).catch((error) =>
      sourceFailed(error, run, problems),
    );
    if (!run.dryRun && !(changes instanceof Error))
      await run.commit((batch) => putChanges(batch, days, changes));
  }
  const dirty = await days.dirty(tally);
  const planned = named ?? (await dutyOf(today, dirty.keys(), days, tally));

  // 2. Collect them, oldest first; where a check is broken, the days on the side that was not collected, too.
  const done = new Map<Day, CollectedDay>();
  const tried = new Set<Day>();
  const remaining: Day[] = [];
  // Where it meets a day whose records vanished, healing ends: who deletes what is old must not lose the books of it.
  const healable = () =>
    [...done.values()].filter(({ date, day }) => planned.includes(date) || day.status !== 'conflict');
  for (let due = planned; due.length > 0; due = daysToHeal(brokenDays(healable()), tried, today)) {
    for (const day of due) tried.add(day);
    for (const chunk of chunked(due))
      await collectChunk(chunk, done, problems, remaining, { days, jobs, run, tally, dirty });
    if (named || problems.size > 0 || remaining.length > 0) break;
  }

  // 3. Tell.
  return {
    outcome: problems.size > 0 || remaining.length > 0 ? 'partial' : 'succeeded',
    summary: summaryOf([...done.values()], { remaining, documentsRead: tally.documents, dryRun: run.dryRun }),
    problems: [...problems.values()],
  };
}

async function dutyOf(today: Day, dirty: Iterable<Day>, days: DayStore, tally: Tally): Promise<Day[]> {
  const stored = storedIn(await days.load(windowBefore(today), tally));
  return wholeRunDays(today, stored, { dirty, unsettled: await days.unsettled(tally) });
}

/** Collects consecutive days whose records are read together. */
async function collectChunk(
  chunk: Day[],
  done: Map<Day, CollectedDay>,
  problems: Map<string, RunProblem>,
  remaining: Day[],
  tools: DayTools,
): Promise<void> {
  const { days, jobs, run, tally } = tools;
  if (run.budgetUsed() > BUDGET_SHARE) return void remaining.push(...chunk);
  const [first, last] = [chunk[0] as Day, chunk.at(-1) as Day];
  const seen = await days.load(daysBetween(addDays(first, -1), addDays(last, 1)), tally);
  // A dry run has stored nothing of what it found on the days beside.
  if (run.dryRun)
    for (const [date, here] of seen) seen.set(date, { ...here, data: done.get(date)?.day ?? here.data });
  const begun = performance.now();
  const read = await jobs.between(first, last).catch((error) => sourceFailed(error, run, problems));
  const durationMs = Math.round(performance.now() - begun);
  for (const [index, date] of chunk.entries()) {
    if (run.budgetUsed() > BUDGET_SHARE) return void remaining.push(...chunk.slice(index));
    run.signal.throwIfAborted();
    const collected: Collected =
      read instanceof Error
        ? { at: run.startedAt, durationMs, figures: null, error: read.message }
        : { at: run.startedAt, durationMs, figures: figuresOf(date, read, run.startedAt), error: null };
    try {
      done.set(date, await collectDay(date, collected, seen, date === last, tools));
    } catch (error) {
      if (!(error instanceof RecordChanged)) throw error;
      problems.set(date, { path: date, message: `${error.message}; the next run collects it again` });
    }
  }
}

/** One source that fails blanks no good day: the stored sections stay, marked stale, and the run says so. */
function sourceFailed(
  error: unknown,
  { signal, log }: RunContext<CollectInput>,
  problems: Map<string, RunProblem>,
): SourceFailed {
  signal.throwIfAborted();
  if (!(error instanceof SourceFailed)) throw error;
  if (!problems.has('sources.jobs')) log.error('Metric source jobs failed', error);
  problems.set('sources.jobs', { path: 'sources.jobs', message: error.message });
  return error;
}

function storedIn(seen: ReadonlyMap<Day, Seen<DailyMetrics>>): Map<Day, DailyMetrics> {
  return new Map([...seen].flatMap(([date, { data }]) => (data ? [[date, data] as const] : [])));
}
