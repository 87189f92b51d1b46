import { addMs, laterOf } from '../../../dates.ts';
import type { Truth } from '../backend.ts';
import { isTerminal, type Job } from '../job.ts';
import { ACTIVE_STATES, TERMINAL_STATES, type TerminalState } from '../states.ts';
import type { Execution, Verdict } from '../sweep.ts';
import { CLOCK_SKEW_MS, type Liveness, lastLifeOf, latest, since, stampOf, usable } from './liveness.ts';
import { unlessRewritten, whileWritten } from './record-verdict.ts';
import { foundDead } from './reporter-verdict.ts';
import { ended, keep, lost, silence, unknown } from './verdicts.ts';
import { instant, lasting } from './words.ts';

/** Verdicts on a job from its executions, and on an execution from its job. */

/** Keeps a job while any of its executions is active, whatever else is known about it. */
export function whileExecuted(liveness: Liveness): Verdict | undefined {
  const executions = liveness.suspect.executions ?? [];
  const unread = executions.find(({ state }) => state === 'unknown');
  if (unread)
    return unknown(
      liveness,
      'unmapped-execution',
      `nobody mapped the status ${JSON.stringify(unread.status)} of its execution ${unread.id}`,
    );
  // One that was found dead keeps nothing: the report of its job says the same.
  const active = executions.filter((it) => !isTerminal(it.state) && !foundDead(it, liveness.now));
  if (active.length === 0) return undefined;
  const named = active.length === 1 ? `execution ${active[0]?.id} is` : `${active.length} executions are`;
  return keep(liveness, 'execution-active', `by its record its ${named} still active`);
}

/**
 * Ends a job whose executions have all ended as the newest did, once neither it nor they have shown life for long. That no
 * other one follows rests on silence alone: a program that waits before its next try looks the same.
 */
export function afterExecutions(liveness: Liveness): Verdict | undefined {
  const newest = liveness.suspect.executions?.[0];
  const state = TERMINAL_STATES.find((terminal) => terminal === newest?.state);
  if (!newest || !state) return undefined;
  const endedAt = endOf(newest);
  const told = `its newest execution, ${newest.id}, ${state}${endedAt ? ` ${instant(endedAt)}` : ''}`;
  const off = clockDoubt(liveness, newest, endedAt);
  if (off) return unknown(liveness, 'clock-off', `${told}; but ${off}`);
  if (isOfAnotherTry(liveness, newest)) return undefined;
  if (liveness.suspect.job.state === 'suspended')
    return keep(liveness, 'suspended', `${told}; but it was stopped on purpose, and another may follow`);
  if (!liveness.stale)
    return keep(
      liveness,
      'execution-recent',
      `${told}; but another may follow, the last sign of life is only ${lasting(since(liveness.seenAt, liveness.now))} old`,
    );
  return whileWritten(liveness) ?? unlessRewritten(liveness, asTheNewest(liveness, newest, state, told));
}

/** The end of a job with the newest of its executions, to be found by two sweeps. */
function asTheNewest(liveness: Liveness, newest: Execution, state: TerminalState, told: string): Verdict {
  const { truth, sighting, executions } = liveness.suspect;
  const verdict = ended(liveness, state, {
    rule: 'executions-ended',
    because: `${told}, and none is active; ${silence(liveness)}`,
    // Whatever wrote an end of theirs, however long ago that was, may be about to start the next one.
    brokenAt: latest([liveness.silentAt, ...(executions ?? []).map(({ writtenAt }) => writtenAt)]),
    endedAt: endOf(newest),
    error: newest.error ?? (state === 'failed' ? `Execution ${newest.id} failed` : null),
  });
  return {
    ...verdict,
    // That it was the last one is a guess.
    endInferred: true,
    unconfirmed: true,
    foundSince: (truth ? sighting?.goneSince : sighting?.stillSince) ?? null,
  };
}

function endOf({ endedAt, heartbeatAt, startedAt }: Execution): Date | null {
  return endedAt ?? heartbeatAt ?? startedAt;
}

/** Why the end of an execution comes from a wrong clock or from an earlier try, in words; `null` where it may be right. */
function clockDoubt(liveness: Liveness, execution: Execution, endedAt: Date | null): string | null {
  const { begunAt, now } = liveness;
  const { writtenAt, added } = execution;
  if (endedAt && !stampOf(endedAt, execution, now)) return `that was written ${instant(writtenAt)} already`;
  if (!begunAt || !isOfAnotherTry(liveness, execution) || added.evidence) return null;
  const wroteLater = writtenAt > addMs(begunAt, CLOCK_SKEW_MS);
  return wroteLater ? `the job began ${instant(begunAt)}, and it was written ${instant(writtenAt)}` : null;
}

/** Whether the job began again after its newest execution ended, so that another one is to come. */
function isOfAnotherTry({ begunAt }: Liveness, { startedAt, endedAt }: Job): boolean {
  const last = endedAt ?? startedAt;
  return begunAt !== null && last !== null && last < begunAt;
}

/** Ends an execution that shows no life and whose job ended longer than the grace ago. */
export function underEndedJob(liveness: Liveness): Verdict | undefined {
  const { suspect, begunAt, now, stale, staleAt } = liveness;
  const { parent, limits } = suspect;
  const jobEndedAt = parent && isTerminal(parent.state) ? usable(parent.endedAt, now) : null;
  if (!parent || !jobEndedAt) return undefined;
  // An execution that began after that end belongs to a job that was begun again.
  if (begunAt && begunAt > jobEndedAt) return undefined;
  const limit = addMs(jobEndedAt, limits.graceMs);
  const told = `its job ${parent.id} is ${parent.status} since ${instant(jobEndedAt)}`;
  if (limit >= now)
    return keep(
      liveness,
      'job-just-ended',
      `${told}: the execution has ${lasting(limits.graceMs)} to end, too`,
    );
  if (!stale)
    return keep(
      liveness,
      'outlives-job',
      `${told}; but the last sign of life is only ${lasting(since(liveness.seenAt, now))} old`,
    );
  const life = lastLifeOf(liveness);
  return lost(liveness, {
    rule: 'job-ended',
    because: `${told}, but by its record the execution is ${suspect.job.status}; ${silence(liveness)}`,
    brokenAt: suspect.hasHeartbeat ? laterOf(limit, staleAt) : limit,
    endedAt: life && life < jobEndedAt ? life : jobEndedAt,
    foundSince: null,
    unconfirmed: false,
  });
}

/** Keeps an execution without a name of its own at the backend while its job runs there, whatever its record says. */
export function whileJobGoesOn(liveness: Liveness): Verdict | undefined {
  const { parent, jobTruth } = liveness.suspect;
  const goesOn = ACTIVE_STATES.some((state) => state === jobTruth?.state);
  return parent && jobTruth && goesOn ? keep(liveness, 'job-goes-on', aboutJob(parent, jobTruth)) : undefined;
}

/** Leaves an execution whose job is unknown to the backend: its own silence or age proves nothing then. */
export function whileJobUnknown(liveness: Liveness): Verdict | undefined {
  const { parent, jobTruth, backendKnown } = liveness.suspect;
  if (!parent || !jobTruth) return undefined;
  const isMisplaced = jobTruth.state === 'gone' && jobTruth.placed === 'guessed' && !backendKnown;
  if (jobTruth.state !== 'unknown' && !isMisplaced) return undefined;
  return unknown(liveness, 'job-unknown', `${aboutJob(parent, jobTruth)}: nobody can tell`);
}

function aboutJob({ id }: Job, { said }: Truth): string {
  return `it has no name of its own at its backend, and of its job ${id} ${said}`;
}
