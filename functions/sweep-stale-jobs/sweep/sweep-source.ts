import type { SeenJob } from '../../shared/store/sources/active-records.ts';
import { type EndByHand, endedByHand } from '../rules/verdict.ts';
import { scan } from '../scan/scan.ts';
import { pipelineOf, type Scope, type SweepResult, type SweepSource, type SweepTools } from './pipeline.ts';
import { conclusionAt } from './taken-back.ts';

/** By this share of the budget a sweep has looked and asked, so that what waited for the end can be written. */
const LOOKED_BY = 0.6;

/**
 * Sweeps one source: looks, asks, judges, doubts itself, writes. A record that cannot be read, judged or written costs only
 * itself. Rejects when the source cannot be read at all.
 */
export async function sweepSource(
  source: SweepSource,
  scope: Scope,
  tools: SweepTools,
): Promise<SweepResult> {
  const { run, options } = tools;
  const { store } = source;
  const counted = Promise.all([store.active(options), store.alive(run.startedAt, options)]);
  // Told to whoever waits for it.
  counted.catch(() => undefined);
  const conclude = conclusionAt(run.startedAt);
  const pipeline = pipelineOf(source, scope, tools, { conclude, by: null, counted });
  const isTimeUp = () => pipeline.isStopped() || run.budgetUsed() > LOOKED_BY;
  try {
    const look = await scan(store, {
      ...options,
      ...scope,
      now: run.startedAt,
      counted,
      isTimeUp,
      take: pipeline.take,
      idle: pipeline.idle,
    });
    return await pipeline.end(look);
  } finally {
    // Nothing of it may still be under way when the run ends.
    await pipeline.idle();
  }
}

/** Sweeps one job and what is active below it, silent or not; or ends the job as a person says. */
export async function sweepJob(
  source: SweepSource,
  seen: SeenJob,
  byHand: EndByHand | null,
  scope: Scope,
  tools: SweepTools,
): Promise<SweepResult> {
  const { store } = source;
  const { run, options } = tools;
  const below = byHand ? [] : ((await store.executions?.activeOf(seen.path, options)) ?? []);
  const found = [
    { seen, isExecution: false },
    ...below.map((execution) => ({ seen: execution, isExecution: true })),
  ].map((it, nth) => ({ ...it, nth, at: { lookout: '', after: null } }));
  const active = await store.active(options);
  const pipeline = pipelineOf(source, scope, tools, {
    conclude: byHand ? (suspect) => endedByHand(suspect, byHand, run.startedAt) : conclusionAt(run.startedAt),
    by: byHand?.by ?? null,
    // One job tells nothing about the others.
    counted: Promise.resolve([active, 0]),
  });
  await pipeline.take(found);
  return pipeline.end({ left: [], unreadable: [], stoppedAt: null, complete: true, failure: null });
}
