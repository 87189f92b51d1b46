import { addMs, DAY_MS, MINUTE_MS } from '../../../dates.ts';
import type { StoredReport } from '../../report/stored.ts';
import type { Job } from '../job.ts';
import type { EndingVerdict, Suspect, Verdict } from '../sweep.ts';
import { CLOCK_SKEW_MS, type Liveness, latest, since, usable } from './liveness.ts';
import { lost, unknown } from './verdicts.ts';
import { instant, lasting } from './words.ts';

/** Verdicts from what executions report of themselves, and from whether any reports arrive. */

/** The word of a reporter is in the record within so long. */
const LAST_WRITE_MS = MINUTE_MS;
/** For so long silence of a channel explains that a job which began meanwhile never reported. */
const CHANNEL_MS = DAY_MS;

/**
 * Ends a job whose execution was found dead by a reporter of its own host: that is proof, and needs no second look. Not
 * where anything shows life, or another try, after that.
 */
export function whenReportedGone(liveness: Liveness): Verdict | undefined {
  const { suspect, now, begunAt } = liveness;
  const { job, sighting, executions } = suspect;
  const goneAt = foundDead(job, now);
  const below = (executions ?? []).flatMap(({ startedAt, added }) => [startedAt, added.report?.aliveAt]);
  const lastAt = latest([begunAt, ...below]);
  // Whoever wrote the record since may have begun another try, whatever its clock says.
  const told = latest([goneAt, usable(job.added.report?.receivedAt ?? null, now)]);
  if (told && suspect.writtenAt > addMs(told, LAST_WRITE_MS)) return undefined;
  // When a heartbeat moved is known by its write, which the word of its death may have shared.
  const moved = latest([sighting?.movedAt, sighting?.resumedAt]);
  if (!goneAt || (lastAt && lastAt > goneAt) || (moved && moved > addMs(goneAt, CLOCK_SKEW_MS)))
    return undefined;
  const { host, execution } = job.added.report ?? {};
  return lost(liveness, {
    rule: 'reporter-gone',
    because: `a reporter on its host ${host} found its execution ${execution} dead ${instant(goneAt)}: nobody is left to tell how it ended`,
    brokenAt: goneAt,
    endedAt: null,
    foundSince: null,
    unconfirmed: false,
  });
}

/** When a reporter of its own host found a running job, or an execution, dead; `null` where none did, or it lived after that. */
export function foundDead({ state, heartbeatAt, added: { report } }: Job, now: Date): Date | null {
  const goneAt = usable(report?.goneAt ?? null, now);
  // Without a host of its own it was not told from there.
  if (!report || !goneAt || report.host === null || state !== 'running') return null;
  const lastAt = latest([usable(heartbeatAt, now), usable(report.aliveAt, now)]);
  return lastAt && lastAt > goneAt ? null : goneAt;
}

/** Leaves a job whose silence proves nothing, because no report at all arrives from its source. */
export function whileChannelSilent(liveness: Liveness, verdict: EndingVerdict): Verdict | undefined {
  const why = channelSilence(liveness);
  return why === null ? undefined : unknown(liveness, 'channel-silent', `${verdict.because}; but ${why}`);
}

/**
 * Why the silence of a job proves nothing, in words: no report at all arrives from its source, and some was to come. `null`
 * where reports arrive, and where nobody is left who would report. It holds for a job that has reported, and for a day for
 * one that may have tried to: it had only just begun when the last report came, or began later. Other jobs that never
 * reported are judged as if their source took no reports.
 */
export function channelSilence({ suspect, now, begunAt }: Liveness): string | null {
  const { channel, limits } = suspect;
  if (!channel) return null;
  if (channel.unreadable !== null)
    return `whether reports of its source arrive cannot be read: ${channel.unreadable}`;
  const report = reportOf(suspect);
  const acceptedAt = latest([channel.record?.lastAcceptedAt, report?.receivedAt]);
  if (!acceptedAt || since(acceptedAt, now) <= limits.staleAfterMs || channel.waiting === 0) return null;
  const silentMs = since(acceptedAt, now);
  // When the last report came, it was not late with its first one; or reports came too briefly for any sweep to see it.
  const isInTime = begunAt !== null && addMs(begunAt, limits.staleAfterMs) > acceptedAt;
  const isCutOff = isInTime || suspect.sighting?.channelSilent === true;
  if (!report && !(isCutOff && silentMs <= CHANNEL_MS)) return null;
  return `no report of its source has come for ${lasting(silentMs)} (since ${instant(acceptedAt)}): its silence proves nothing`;
}

/** `verdict`, to be found anew where reports have only begun to come again: those that waited are still on their way. */
export function afterChannelSilence({ suspect }: Liveness, verdict: EndingVerdict): EndingVerdict {
  return suspect.sighting?.channelSilent ? { ...verdict, foundSince: null } : verdict;
}

function reportOf({ job, parent }: Suspect): StoredReport | null {
  return job.added.report ?? parent?.added.report ?? null;
}
