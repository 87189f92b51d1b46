import type { Suspect, Verdict } from '../../shared/model/job/sweep.ts';
import { conclusionAt } from '../../shared/model/job/verdict/taken-back.ts';
import { type EndByHand, endedByHand } from '../../shared/model/job/verdict/verdict.ts';
import type { SeenJob } from '../../shared/store/sources/active-records.ts';
import { type ScanEnd, type ScanPage, scan } from '../scan/scan.ts';
import { sweepCandidates } from './sweep-candidates.ts';
import type { SweepResult } from './sweep-result.ts';
import type { Scope, SweepSource, SweepTools } from './sweep-tools.ts';

/**
 * Sweeps one source: scans, asks, judges, checks itself, writes. A record that cannot be read, judged or written costs only
 * itself. Rejects when the source cannot be read at all.
 */
export async function sweepSource(
  source: SweepSource,
  scope: Scope,
  tools: SweepTools,
): Promise<SweepResult> {
  const { store } = source;
  const { run, options } = tools;
  const now = run.startedAt;
  const [active, alive] = await Promise.all([store.active(options), store.alive(now, options)]);
  const population = { active, alive };
  const { from, olderThanMs } = scope;
  const pages = scan(store, { ...options, from, olderThanMs, now, population });
  return sweepCandidates(pages, source, scope, population, { conclude: conclusionAt(now), by: null }, tools);
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
  const now = run.startedAt;
  const executions = byHand ? [] : ((await store.executions?.activeOf(seen.path, options)) ?? []);
  // One job says nothing about how many others show life.
  const population = { active: await store.active(options), alive: 0 };
  const conclusions = byHand
    ? { conclude: endedByHandAt(byHand, now), by: byHand.by }
    : { conclude: conclusionAt(now), by: null };
  return sweepCandidates(onePage(seen, executions), source, scope, population, conclusions, tools);
}

function endedByHandAt(byHand: EndByHand, now: Date) {
  return (suspect: Suspect): Verdict => endedByHand(suspect, byHand, now);
}

/** A job and its executions, as a scan would find them. */
async function* onePage(
  seen: SeenJob,
  executions: readonly SeenJob[],
): AsyncGenerator<ScanPage | ScanEnd, void> {
  const from = { lookout: '', after: null };
  const candidates = [
    { seen, isExecution: false },
    ...executions.map((execution) => ({ seen: execution, isExecution: true })),
  ].map((found, nth) => ({ ...found, nth, at: from }));
  yield { kind: 'page', from, candidates, unreadable: [] };
  yield { kind: 'end', stoppedAt: null, left: [], complete: true, failure: null };
}
