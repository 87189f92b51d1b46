import type { Earlier } from '../evidence.ts';
import type { EndingVerdict, Suspect, Verdict } from '../sweep.ts';
import { type Liveness, latest, livenessOf, usable } from './liveness.ts';
import { verdictOf } from './verdict.ts';
import { keep } from './verdicts.ts';
import { instant } from './words.ts';

/** The sweep's own verdict on a suspect. */
export function conclusionAt(now: Date): (suspect: Suspect) => Verdict {
  return (suspect) => unlessTakenBack(suspect, verdictOf(suspect, now), now);
}

/**
 * `verdict`, unless a person took the same one back and nothing new was seen since: then their word stands, and the job is
 * kept. New is a sign of life, another answer of its backend, or another broken limit.
 */
function unlessTakenBack(suspect: Suspect, verdict: Verdict, now: Date): Verdict {
  const { evidence, earlier } = suspect.job.added;
  const last = earlier.at(-1);
  if (!('state' in verdict) || evidence || !last?.takenBack) return verdict;
  const liveness = livenessOf(suspect, now);
  const { at, by, reason } = last.takenBack;
  if (isAlive(liveness, at) || isNew(suspect, verdict, last, at)) return verdict;
  const why = reason === null ? '' : ` (${reason})`;
  const words = `${by} took this back ${instant(at)}${why}, and nothing new was seen of it since`;
  return keep(liveness, 'taken-back', `${words}: ${verdict.because}`);
}

/**
 * Whether the job, or an execution of it, showed life after `at`. The write time says nothing: we wrote, too; nor does a change
 * of the record of a job that runs, which may be about anything.
 */
function isAlive({ suspect: { job, executions }, now }: Liveness, at: Date): boolean {
  const signs = [job, ...(executions ?? [])].flatMap((it) =>
    [it.createdAt, it.startedAt, it.heartbeatAt, it.state === 'queued' ? it.updatedAt : null].map((sign) =>
      usable(sign, now),
    ),
  );
  const last = latest(signs);
  return last !== null && last > at;
}

function isNew({ truth }: Suspect, verdict: EndingVerdict, last: Earlier, at: Date): boolean {
  if (truth && truth.said !== last.said) return true;
  if (verdict.rule === last.rule) return false;
  return !verdict.unconfirmed || (verdict.brokenAt !== null && verdict.brokenAt > at);
}
