import { randomUUID } from 'node:crypto';
import { type CatalogEntry, SETTLE_SECONDS } from '../catalog.ts';
import type { Clock } from '../clock.ts';
import { SECOND_MS } from '../dates.ts';
import { InvalidRequest, LeaseLost } from '../errors.ts';
import type { Log } from '../log.ts';
import type { NamedRun } from '../model/lease.ts';
import type { AnswerOutcome } from '../model/run.ts';
import { parseWithProblems } from '../problems.ts';
import type { Claim, Lifecycle } from '../store/lifecycle.ts';
import type { Term } from '../store/term.ts';
import { type Answer, type Executed, repeated } from './answer.ts';
import { startHeartbeat } from './heartbeat.ts';
import { type Settled, settleError } from './settle.ts';
import type { RunContext, Task, TaskInput } from './task.ts';
import { type Header, nameTrigger } from './trigger.ts';
import { work } from './work.ts';

export interface ExecuteOptions {
  entry: CatalogEntry;
  lifecycle: Lifecycle;
  clock: Clock;
  log: Log;
}

/**
 * The life of one run, from a delivery to its answer: parse, name, claim, work, settle, finish, answer.
 * Throws InvalidRequest, before anything is claimed or written, when the body is not what the task takes.
 */
export async function execute<Input extends TaskInput>(
  task: Task<Input>,
  delivery: { body: Record<string, unknown>; header: Header },
  { entry, lifecycle, clock, log: parentLog }: ExecuteOptions,
): Promise<Executed> {
  const arrivedAt = clock.now();
  const arrivedMs = clock.monotonicMs();
  const budgetMs = (entry.timeoutSeconds - SETTLE_SECONDS) * SECOND_MS;
  const budgetUsed = () => (clock.monotonicMs() - arrivedMs) / budgetMs;
  const remainingMs = () => Math.max(0, Math.round(budgetMs - (clock.monotonicMs() - arrivedMs)));

  // 1. Parse.
  const parsed = parseWithProblems(task.input(arrivedAt), delivery.body);
  if (!parsed.ok) throw new InvalidRequest(parsed.problems);
  const dryRun = parsed.value.dryRun === true;

  // 2. Name the run.
  const named = nameRun(entry, delivery, dryRun, arrivedAt);
  const log = parentLog.with({ runId: named.runId });
  const answer = (
    attempt: number,
    startedAt: Date,
    outcome: AnswerOutcome,
    { summary, problems }: Settled,
  ): Answer => ({
    ...{ runId: named.runId, task: task.name, outcome, trigger: named.trigger, attempt, dryRun, startedAt },
    ...{
      finishedAt: clock.now(),
      durationMs: Math.round(clock.monotonicMs() - arrivedMs),
      summary,
      problems,
    },
  });
  const contextFrom = (startedAt: Date, rights: Pick<RunContext<Input>, 'commit' | 'stillMine'>) => ({
    ...{ runId: named.runId, input: parsed.value, whole: named.whole, dryRun, startedAt, budgetUsed, log },
    ...{ basis: named.slot ?? startedAt, ...rights },
  });
  if (dryRun) {
    const { settled, ignored } = await work(
      task,
      contextFrom(arrivedAt, DRY_RIGHTS),
      new AbortController(),
      remainingMs(),
    );
    logEnd(log, settled);
    const dryAnswer = answer(1, arrivedAt, settled.outcome, settled);
    await lifecycle
      .recordDryRun(
        named,
        { ...settled, endedAt: dryAnswer.finishedAt, durationMs: dryAnswer.durationMs },
        arrivedAt,
      )
      .catch((error: unknown) => log.error(`Cannot record dry run ${named.runId}`, error));
    return { answer: dryAnswer, mustExit: ignored };
  }

  // 3. Claim.
  let claim: Claim;
  try {
    claim = await lifecycle.claim(named, budgetMs);
  } catch (error) {
    log.error(`Cannot claim ${named.runId}, nothing was done`, error);
    return { answer: answer(0, arrivedAt, 'failed', settleError(error, 'failed')), unclaimed: true };
  }
  if (claim.kind !== 'claimed') return unclaimed(claim, clock.now(), log);
  const { term } = claim;

  // 4. Work, under one signal that joins the deadline and the lost lease.
  const stop = new AbortController();
  const lost = (error: LeaseLost) => stop.abort(error);
  const stopHeartbeat = startHeartbeat(() => term.renew(), entry.leaseSeconds * SECOND_MS, lost, log);
  const context = contextFrom(term.startedAt, fencedRights(term, lost, log));
  const { settled, ignored } = await work(task, context, stop, remainingMs());
  stopHeartbeat();
  logEnd(log, settled);

  // 5. Finish and answer. What the task did stays done and is told, whatever becomes of the records about it.
  const told = answer(term.attempt, term.startedAt, settled.outcome, settled);
  try {
    const finish = await term.finish({ ...settled, endedAt: told.finishedAt, durationMs: told.durationMs });
    if (finish === 'late') {
      const message = `Attempt ${term.attempt} ended ${settled.outcome} after the run was taken over; only lateCompletion tells of it`;
      log.warning(message);
      return {
        answer: { ...told, outcome: 'lost', problems: [{ path: '', message }, ...told.problems] },
        mustExit: ignored,
      };
    }
  } catch (error) {
    log.error(`Cannot record the end of ${named.runId}, which ended ${settled.outcome}`, error);
  }
  return { answer: told, mustExit: ignored };
}

/** A dry run is always manual: it takes no lease and must not eat a slot. */
function nameRun(
  entry: CatalogEntry,
  { body, header }: { body: Record<string, unknown>; header: Header },
  dryRun: boolean,
  now: Date,
): NamedRun {
  const name = nameTrigger(entry, dryRun ? () => undefined : header, now, randomUUID());
  const whole = !dryRun && (name.trigger === 'scheduled' || Object.keys(body).length === 0);
  return { ...name, task: entry.task, whole, dryRun, body };
}

function unclaimed(claim: Exclude<Claim, { kind: 'claimed' }>, now: Date, log: Log): Executed {
  const { run, retryAfterSeconds } = claim;
  if (claim.kind === 'skipped') {
    log.info(`Skipped ${run.runId}: ${run.problems[0]?.message}`);
    return { answer: { ...repeated(run, now), outcome: 'skipped' }, retryAfterSeconds };
  }
  log.info(`Duplicate delivery of ${run.runId}, which is ${run.outcome}`);
  return claim.live ? { answer: repeated(run, now), retryAfterSeconds } : { answer: repeated(run, now) };
}

const DRY_RIGHTS: Pick<RunContext<never>, 'commit' | 'stillMine'> = {
  commit: () => Promise.reject(new LeaseLost('Cannot commit: a dry run writes nothing')),
  stillMine: () => Promise.resolve(false),
};

/** What a task may do with its term; a lease found lost on the way stops the whole run. */
function fencedRights(
  term: Term,
  onLost: (error: LeaseLost) => void,
  log: Log,
): Pick<RunContext<never>, 'commit' | 'stillMine'> {
  const watch = async (write: Promise<void>) => {
    try {
      await write;
    } catch (error) {
      if (error instanceof LeaseLost) onLost(error);
      throw error;
    }
  };
  return {
    commit: (build, alarms) => watch(term.commit(build, alarms)),
    stillMine: async () => {
      try {
        await watch(term.renew());
        return true;
      } catch (error) {
        log.warning(`Cannot prove that the run is still ours: ${String(error)}`);
        return false;
      }
    },
  };
}

function logEnd(log: Log, { outcome, summary, error, problems }: Settled): void {
  if (error) log.error(`Run ${outcome}: ${error.message}`, error.stack, { outcome });
  else log.info(`Run ${outcome}`, { outcome, summary, problems });
}
