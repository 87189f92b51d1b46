import { addDays, type Day, dayOf, daysBetween } from '../shared/dates.ts';
import { RecordChanged } from '../shared/errors.ts';
import type { DailyMetrics } from '../shared/model/day.ts';
import type { RunProblem } from '../shared/model/run.ts';
import type { RunContext, Task, TaskResult } from '../shared/run/task.ts';
import type { DayStore } from '../shared/store/days.ts';
import type { JobStore } from '../shared/store/jobs.ts';
import type { Seen } from '../shared/store/records.ts';
import { findChanges, putChanges } from './changes.ts';
import { type CollectedDay, collectDay, type DayTools } from './collect-day.ts';
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

/** How far a run has come. */
interface Progress {
  collected: Map<Day, CollectedDay>;
  /** Days that time ran out for. */
  remaining: Day[];
  /** By where they are, so that each is told once. */
  problems: Map<string, RunProblem>;
}

async function collect(
  run: RunContext<CollectInput>,
  stores: readonly JobStore[],
  days: DayStore,
): Promise<TaskResult> {
  const today = dayOf(run.basis);
  const tally = { documents: 0 };
  const jobs = jobsSource(stores, { tally, signal: run.signal });
  const progress: Progress = { collected: new Map(), remaining: [], problems: new Map() };

  // 1. A body that names no days asks for the whole duty, which first marks the days that changed records made doubtful.
  const named = daysNamed(run.input, today);
  if (!named) await markChangedDays(today, progress, { days, jobs, run, tally });

  // 2. Which days: those named, or those of the duty.
  const dirty = await days.dirty(tally);
  const tools = { days, jobs, run, tally, dirty };
  const planned = named ?? (await daysOfDuty(today, tools));

  // 3. Collect them, oldest first; the whole duty then heals what does not add up.
  await collectDays(planned, progress, tools);
  if (!named) await heal(planned, today, progress, tools);

  // 4. Tell.
  const { remaining, problems } = progress;
  const told = { remaining, documentsRead: tally.documents, dryRun: run.dryRun };
  return {
    outcome: isWhole(progress) ? 'succeeded' : 'partial',
    summary: summaryOf([...progress.collected.values()], told),
    problems: [...problems.values()],
  };
}

/** Whether nothing is missing so far. */
function isWhole({ remaining, problems }: Progress): boolean {
  return remaining.length === 0 && problems.size === 0;
}

async function markChangedDays(
  today: Day,
  { problems }: Progress,
  { days, jobs, run, tally }: Omit<DayTools, 'dirty'>,
): Promise<void> {
  const changes = await findChanges(jobs, days, { today, now: run.startedAt }, tally).catch((error) =>
    sourceFailed(error, run, problems),
  );
  if (!run.dryRun && !(changes instanceof Error))
    await run.commit((batch) => putChanges(batch, days, changes));
}

async function daysOfDuty(today: Day, { days, dirty, tally }: DayTools): Promise<Day[]> {
  const stored = storedIn(await days.load(windowBefore(today), tally));
  return wholeRunDays(today, stored, { dirty: dirty.keys(), unsettled: await days.unsettled(tally) });
}

/** Where a check is broken, collects the days on the side that was not collected, too, until no day is left to try. */
async function heal(planned: readonly Day[], today: Day, progress: Progress, tools: DayTools): Promise<void> {
  const tried = new Set(planned);
  while (isWhole(progress)) {
    // Where it meets a day whose records vanished, healing ends: who deletes what is old must not lose the books of it.
    const healable = [...progress.collected.values()].filter(
      ({ date, day }) => planned.includes(date) || day.status !== 'conflict',
    );
    const beside = daysToHeal(brokenDays(healable), tried, today);
    if (beside.length === 0) return;
    for (const day of beside) tried.add(day);
    await collectDays(beside, progress, tools);
  }
}

async function collectDays(dates: readonly Day[], progress: Progress, tools: DayTools): Promise<void> {
  for (const chunk of chunked(dates)) await collectChunk(chunk, progress, tools);
}

/** Collects consecutive days whose records are read together. */
async function collectChunk(
  chunk: Day[],
  { collected, remaining, problems }: Progress,
  tools: DayTools,
): Promise<void> {
  const { days, jobs, run, tally } = tools;
  if (run.budgetUsed() > BUDGET_SHARE) return void remaining.push(...chunk);
  const [first, last] = [chunk[0] as Day, chunk.at(-1) as Day];
  const begun = performance.now();
  const [seen, read] = await Promise.all([
    days.load(daysBetween(addDays(first, -1), addDays(last, 1)), tally),
    jobs.between(first, last).catch((error) => sourceFailed(error, run, problems)),
  ]);
  const durationMs = Math.round(performance.now() - begun);
  // A dry run has stored nothing of what it found on the days beside.
  if (run.dryRun)
    for (const [date, here] of seen) seen.set(date, { ...here, data: collected.get(date)?.day ?? here.data });
  for (const [index, date] of chunk.entries()) {
    if (run.budgetUsed() > BUDGET_SHARE) return void remaining.push(...chunk.slice(index));
    run.signal.throwIfAborted();
    const at = run.startedAt;
    const found: Collected =
      read instanceof Error
        ? { at, durationMs, figures: null, error: read.message }
        : { at, durationMs, figures: figuresOf(date, read, at), error: null };
    try {
      collected.set(date, await collectDay(date, found, seen, date === last, tools));
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
