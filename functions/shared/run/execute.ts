import { randomUUID } from 'node:crypto';
import { type CatalogEntry, SETTLE_SECONDS } from '../catalog.ts';
import type { Clock } from '../clock.ts';
import { addMs, SECOND_MS } from '../dates.ts';
import { InvalidRequest, LeaseLost } from '../errors.ts';
import type { Log } from '../log.ts';
import type { NamedRun } from '../model/run/run.ts';
import { parseWithProblems } from '../problems.ts';
import type { Claim, Lifecycle } from '../store/own/lifecycle.ts';
import type { Term } from '../store/own/term.ts';
import { answerTo, type Executed, repeated } from './answer.ts';
import { startHeartbeat } from './heartbeat.ts';
import { type Settled, settleError } from './settle.ts';
import type { RunContext, Task, TaskInput } from './task.ts';
import { type Header, nameTrigger } from './trigger.ts';
import { work } from './work.ts';

/** How long a task may check whether the request can be carried out. */
const CHECK_LIMIT_MS = 20 * SECOND_MS;

/** The parts that every run of one task shares. */
export interface ExecuteOptions {
  entry: CatalogEntry;
  lifecycle: Lifecycle;
  clock: Clock;
  log: Log;
}

/** A request: its body as an object, and its headers by name. */
interface Delivery {
  body: Record<string, unknown>;
  header: Header;
}

/** How a task writes, and asks whether it still may. */
type Rights = Pick<RunContext<never>, 'commit' | 'stillMine'>;

/**
 * The life of one run, from a delivery to its answer: parse, name, claim, work, settle, finish, answer.
 * Throws InvalidRequest, before anything is claimed or written, when the body is not what the task takes, or asks
 * for what cannot be done.
 */
export async function execute<Input extends TaskInput>(
  task: Task<Input>,
  delivery: Delivery,
  { entry, lifecycle, clock, log: parentLog }: ExecuteOptions,
): Promise<Executed> {
  const arrivedAt = clock.now();
  const arrivedMs = clock.monotonicMs();
  const elapsedMs = () => clock.monotonicMs() - arrivedMs;
  const budgetMs = (entry.timeoutSeconds - SETTLE_SECONDS) * SECOND_MS;
  const remainingMs = () => Math.max(0, Math.round(budgetMs - elapsedMs()));

  // 1. Parse.
  const parsed = parseWithProblems(task.input(arrivedAt), delivery.body);
  if (!parsed.ok) throw new InvalidRequest(parsed.problems);
  const input = parsed.value;
  const dryRun = input.dryRun === true;

  // 2. Name the run.
  const named = nameRun(entry, delivery, dryRun, arrivedAt);
  const { runId, whole } = named;
  const log = parentLog.with({ runId });

  const notBegun = (error: unknown): Executed => {
    log.error(`Cannot begin ${runId}, nothing was done`, error);
    const ending = {
      ...settleError(error, 'failed'),
      endedAt: clock.now(),
      durationMs: Math.round(elapsedMs()),
    };
    return { answer: answerTo(named, { attempt: 0, startedAt: arrivedAt }, ending), unclaimed: true };
  };
  try {
    await task.check?.(input, { now: arrivedAt, signal: AbortSignal.timeout(CHECK_LIMIT_MS) });
  } catch (error) {
    if (error instanceof InvalidRequest) throw error;
    return notBegun(error);
  }

  // How step 4 is done: whatever becomes of the work, it has an end.
  const workUntilItEnds = async (startedAt: Date, rights: Rights, stop: AbortController) => {
    const begunMs = clock.monotonicMs();
    const asOf = named.slot ?? startedAt;
    const budgetUsed = () => elapsedMs() / budgetMs;
    const now = () => clock.now();
    const context = { runId, input, whole, dryRun, asOf, startedAt, now, budgetUsed, log, ...rights };
    const { settled, ignored } = await work(task, context, stop, remainingMs());
    logEnd(log, settled);
    const durationMs = Math.round(clock.monotonicMs() - begunMs);
    // Counted from the start, which is by Firestore's clock: a local clock that differs must not end a run before it began.
    const endedAt = addMs(startedAt, durationMs);
    return { ending: { ...settled, endedAt, durationMs }, ignored };
  };
  if (dryRun) {
    const { ending, ignored } = await workUntilItEnds(arrivedAt, DRY_RIGHTS, new AbortController());
    await lifecycle
      .recordDryRun(named, ending, arrivedAt)
      .catch((error: unknown) => log.error(`Cannot record dry run ${runId}`, error));
    return { answer: answerTo(named, { attempt: 1, startedAt: arrivedAt }, ending), mustExit: ignored };
  }

  // 3. Claim.
  let claim: Claim;
  try {
    claim = await lifecycle.claim(named, remainingMs());
  } catch (error) {
    return notBegun(error);
  }
  if (claim.kind !== 'claimed') return refused(claim, clock.now(), log);
  const { term } = claim;

  // 4. Work, under one signal that joins the deadline and the lost lease; then settle.
  const stop = new AbortController();
  const onLost = (error: LeaseLost) => stop.abort(error);
  const stopHeartbeat = startHeartbeat(() => term.renew(), entry.leaseSeconds * SECOND_MS, onLost, log);
  const { ending, ignored } = await workUntilItEnds(term.startedAt, fencedRights(term, onLost, log), stop);
  stopHeartbeat();

  // 5. Finish and answer. What the task did stays done and is answered, even when the record of it cannot be written.
  const answer = answerTo(named, term, ending);
  try {
    if ((await term.finish(ending)) === 'recorded') return { answer, mustExit: ignored };
  } catch (error) {
    log.error(`Cannot record the end of ${runId}, which ended ${ending.outcome}`, error);
    return { answer, mustExit: ignored };
  }
  const message = `Attempt ${term.attempt} ended ${ending.outcome} after the run was taken over; only lateCompletion tells of it`;
  log.warning(message);
  const problems = [{ path: '', message }, ...answer.problems];
  return { answer: { ...answer, outcome: 'lost', problems }, mustExit: ignored };
}

/** A dry run is always manual: it takes no lease and must not eat a slot. */
function nameRun(entry: CatalogEntry, { body, header }: Delivery, dryRun: boolean, now: Date): NamedRun {
  const name = nameTrigger(entry, dryRun ? () => undefined : header, now, randomUUID());
  const whole = !dryRun && (name.trigger === 'scheduled' || Object.keys(body).length === 0);
  return { ...name, task: entry.task, whole, dryRun, body };
}

/** The answer to a delivery that may not run: the run is done or live, or another one of the task is live. */
function refused(claim: Exclude<Claim, { kind: 'claimed' }>, now: Date, log: Log): Executed {
  const { run, retryAfterSeconds } = claim;
  if (claim.kind === 'skipped') {
    log.info(`Skipped ${run.runId}: ${run.problems[0]?.message}`);
    return { answer: { ...repeated(run, now), outcome: 'skipped' }, retryAfterSeconds };
  }
  log.info(`Duplicate delivery of ${run.runId}, which is ${run.outcome}`);
  return claim.live ? { answer: repeated(run, now), retryAfterSeconds } : { answer: repeated(run, now) };
}

const DRY_RIGHTS: Rights = {
  commit: () => Promise.reject(new LeaseLost('Cannot commit: a dry run writes nothing')),
  stillMine: () => Promise.resolve(false),
};

/** Writes through the term of the run; a lease that turns out to be lost stops the whole run. */
function fencedRights(term: Term, onLost: (error: LeaseLost) => void, log: Log): Rights {
  const watch = async (write: Promise<void>) => {
    try {
      await write;
    } catch (error) {
      if (error instanceof LeaseLost) onLost(error);
      throw error;
    }
  };
  return {
    commit: (build, changes) => watch(term.commit(build, changes)),
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
