import type { Cause } from './run.ts';

/** Cloud Scheduler's states of a job; DISABLED and UPDATE_FAILED are its own doing. */
export const SCHEDULE_STATES = [
  'STATE_UNSPECIFIED',
  'ENABLED',
  'PAUSED',
  'DISABLED',
  'UPDATE_FAILED',
] as const;

/** The Cloud Scheduler job of a task, as it is now. */
export interface LiveSchedule extends DeliveryLimits {
  /** Its id, which is the task's name. */
  name: string;
  schedule: string;
  timeZone: string;
  state: (typeof SCHEDULE_STATES)[number];
  lastAttemptAt: Date | null;
  /** What its last attempt came to, code 0 for success (google.rpc.Status); null before the first. */
  lastStatus: { code: number; message: string } | null;
  /** When it fires next, a retry too; null when it does not. */
  nextAt: Date | null;
}

/** What the catalogue declares of a task's schedule, in UTC. */
export interface DeclaredSchedule {
  task: string;
  enabled: boolean;
  schedule: string;
}

/** How the live job is not what was declared. */
export interface Drift {
  kind: 'missing' | 'paused' | 'disabled' | 'enabled' | 'cron' | 'zone';
  words: string;
}

/** How long Cloud Scheduler waits for an answer, and how it comes again without one. */
export interface DeliveryLimits {
  attemptDeadlineSeconds: number;
  retry: { count: number; minBackoffSeconds: number; maxBackoffSeconds: number; maxDoublings: number };
}

/** How the delivery of the live job differs from what was declared, in words. */
export function deliveryDrift(declared: DeliveryLimits, live: DeliveryLimits): string[] {
  const wordsOf = ({ attemptDeadlineSeconds, retry }: DeliveryLimits) => ({
    'attempt deadline': `${attemptDeadlineSeconds} s`,
    'retry count': `${retry.count}`,
    // Without retries there is no back-off.
    ...(declared.retry.count + live.retry.count > 0 && {
      'back-off': `${retry.minBackoffSeconds} to ${retry.maxBackoffSeconds} s, doubled ${retry.maxDoublings} times`,
    }),
  });
  const wanted = Object.entries(wordsOf(declared));
  return Object.entries(wordsOf(live)).flatMap(([what, is], index) => {
    const should = wanted[index]?.[1];
    return is === should ? [] : [`its ${what} is ${is}, declared is ${should}`];
  });
}

/** By any of these names the tz database means UTC. */
const UTC_NAMES = /^(etc\/)?(utc|gmt|uct|universal|zulu|greenwich)$/i;

/** What differs between catalogue and live job; empty when all is as declared. */
export function driftOf(declared: DeclaredSchedule, live: LiveSchedule | undefined): Drift[] {
  const { task, enabled, schedule } = declared;
  if (!live) return enabled ? [{ kind: 'missing', words: `Cloud Scheduler has no job "${task}"` }] : [];
  const drifts: Drift[] = [];
  if (enabled && live.state === 'PAUSED') drifts.push({ kind: 'paused', words: 'its job is paused' });
  else if (enabled && live.state !== 'ENABLED')
    drifts.push({ kind: 'disabled', words: `its job is ${live.state}: Cloud Scheduler does not run it` });
  else if (!enabled && live.state === 'ENABLED')
    drifts.push({ kind: 'enabled', words: 'its job fires although the catalogue disables the task' });
  if (plain(live.schedule) !== plain(schedule))
    drifts.push({ kind: 'cron', words: `its job runs at "${live.schedule}", declared is "${schedule}"` });
  if (!UTC_NAMES.test(live.timeZone))
    drifts.push({ kind: 'zone', words: `its job goes by ${live.timeZone}, declared is UTC` });
  return drifts;
}

function plain(schedule: string): string {
  return schedule.trim().replace(/\s+/g, ' ');
}

/** Why a slot has no run that began in time and ended well. */
export interface MissedBecause {
  /** Null when Cloud Scheduler does not know any more: it keeps its last attempt alone. */
  cause: Cause | null;
  words: string;
}

/** A slot, up to the one after it. */
export interface SlotSpan {
  slot: Date;
  nextSlot: Date;
}

/** Why no run of a slot began, by the live job; `null` for no job. */
export function whyNotBegun({ slot, nextSlot }: SlotSpan, live: LiveSchedule | null): MissedBecause {
  if (!live) return { cause: 'not fired', words: 'Cloud Scheduler has no job for it' };
  const { lastAttemptAt, lastStatus, state } = live;
  if (!lastAttemptAt || lastAttemptAt < slot) {
    const why = state === 'ENABLED' ? '' : `: its job is ${state}`;
    const last = lastAttemptAt ? `last attempt ${lastAttemptAt.toISOString()}` : 'no attempt yet';
    return { cause: 'not fired', words: `Cloud Scheduler did not fire it${why} (${last})` };
  }
  if (lastAttemptAt >= nextSlot)
    return { cause: null, words: 'Cloud Scheduler tells only its last attempt, which was of a later slot' };
  const said = statusWords(lastStatus ?? { code: 0, message: '' });
  if (!lastStatus?.code)
    return {
      cause: null,
      words: `Cloud Scheduler's attempt at ${lastAttemptAt.toISOString()} was ${said}, but no run of the slot began: it was made by hand, or answered by something else`,
    };
  return {
    cause: 'fired, not delivered',
    words: `Cloud Scheduler fired it at ${lastAttemptAt.toISOString()}, but no run of it began (${said})`,
  };
}

/** What an attempt of Cloud Scheduler came to, in words. */
export function statusWords({ code, message }: NonNullable<LiveSchedule['lastStatus']>): string {
  return [CODE_WORDS[code] ?? `code ${code}`, message].filter(Boolean).join(': ');
}

/** The codes of google.rpc.Code that an attempt comes to. */
const CODE_WORDS: Record<number, string> = {
  0: 'acknowledged',
  2: 'an unusual answer',
  3: 'HTTP 400',
  4: 'no answer by the attempt deadline',
  5: 'HTTP 404: no such function',
  7: 'HTTP 403: its service account may not invoke the function',
  8: 'HTTP 429',
  10: 'HTTP 409: another run was live',
  12: 'HTTP 501',
  13: 'HTTP 500',
  14: 'the function could not be reached, or HTTP 503',
  16: 'HTTP 401: its token was refused',
};
