import { addMs, DAY_MS } from '../../shared/dates.ts';
import type { EndedRecord, Since } from '../../shared/model/job/sweep-checkpoint.ts';
import { instant, lasting } from '../../shared/model/job/verdict/words.ts';
import {
  type Alarm,
  type AlarmChanges,
  type AlarmKind,
  type AlarmToOpen,
  NO_CHANGES,
  oneAlarm,
} from '../../shared/model/run/alarm.ts';
import type { Overdue, Stalled } from '../sweep/results.ts';

const NAMES_TOLD = 5;
/** A job that stays `unknown` for so long is an incident. */
const UNKNOWN_MS = DAY_MS;

/** The jobs of a source after a sweep, as far as alarms depend on them. */
export interface Standing {
  source: string;
  /** Jobs that run longer than `maxRuntime`. */
  overdue: readonly Overdue[];
  /** Jobs that show life, and whose progress stays the same for too long. */
  stalled: readonly Stalled[];
  /** Whether all candidates were seen, so that a job that was not is no candidate any more. */
  complete: boolean;
  /** Jobs with the verdict `unknown`. */
  unknown: readonly Since[];
  /** Records that sweeps ended in the last day and that showed life afterwards. */
  foundAlive: readonly EndedRecord[];
  /** How many jobs run for long, and since when they are too many; `null` where they are not. */
  longRunning: { jobs: number; most: number; longerThanMs: number; brokenAt: Date } | null;
}

/** How a sweep changes the alarms about the jobs of one source; `open` are those of the source. */
export function alarmsAbout(standing: Standing, open: readonly Alarm[], now: Date): Required<AlarmChanges> {
  const of = (kind: AlarmKind) => open.filter((alarm) => alarm.kind === kind);
  const changes = [
    overdueAlarm(standing, of('overdue')),
    stalledAlarm(standing, of('stalled')),
    oneAlarm(of('long-running'), 'fewer jobs run for so long', longRunningAlarm(standing)),
    oneAlarm(of('backend-unknown'), 'no job is unknown for so long any more', unknownAlarm(standing, now)),
    oneAlarm(of('found-alive'), 'for a day nothing that it ended has shown life', foundAliveAlarm(standing)),
  ];
  return {
    open: changes.flatMap((change) => change.open),
    close: changes.flatMap((change) => change.close),
    reword: changes.flatMap((change) => change.reword),
  };
}

/**
 * An `unknown` job opens no alarm that it runs too long, and closes none. A sweep that did not see all candidates closes
 * none either.
 */
function overdueAlarm(
  { source, overdue, complete }: Standing,
  open: readonly Alarm[],
): Required<AlarmChanges> {
  const told = open.length > 0 ? overdue : overdue.filter(({ kept }) => kept);
  if (open.length > 0 && !complete) return NO_CHANGES;
  const [first] = told.toSorted((a, b) => a.brokenAt.getTime() - b.brokenAt.getTime());
  if (!first) return oneAlarm(open, 'no job is over that limit any more', null);
  const names = named(told.map(({ name }) => name));
  const longest = told.length === 1 ? '' : `the longest, ${first.name}: `;
  return oneAlarm(open, '', {
    subject: source,
    kind: 'overdue',
    brokenAt: first.brokenAt,
    message: `Overdue: ${names}: ${longest}${first.because}`,
  });
}

/** A sweep that did not see all candidates closes none. */
function stalledAlarm(
  { source, stalled, complete }: Standing,
  open: readonly Alarm[],
): Required<AlarmChanges> {
  const [first] = stalled.toSorted((a, b) => a.brokenAt.getTime() - b.brokenAt.getTime());
  if (open.length > 0 && !complete) return NO_CHANGES;
  if (!first) return oneAlarm(open, 'their progress moves again, or they have ended', null);
  const names = named(stalled.map(({ name }) => name));
  const longest = stalled.length === 1 ? '' : `the longest, ${first.name}: `;
  return oneAlarm(open, '', {
    subject: source,
    kind: 'stalled',
    brokenAt: first.brokenAt,
    message: `Stalled, though they live: ${names}: ${longest}${first.because}`,
  });
}

function longRunningAlarm({ source, longRunning }: Standing): AlarmToOpen | null {
  if (!longRunning) return null;
  const { jobs, most, longerThanMs, brokenAt } = longRunning;
  const message = `${jobs} jobs of source ${source} have been running for over ${lasting(longerThanMs)}, at most ${most} allowed`;
  return { subject: source, kind: 'long-running', brokenAt, message };
}

function unknownAlarm({ source, unknown }: Standing, now: Date): AlarmToOpen | null {
  const long = unknown.filter(({ since }) => now.getTime() - since.getTime() >= UNKNOWN_MS);
  const [first] = long;
  if (!first) return null;
  const jobs = long.length === 1 ? '1 job' : `${long.length} jobs`;
  return {
    subject: source,
    kind: 'backend-unknown',
    brokenAt: addMs(first.since, UNKNOWN_MS),
    message: `For over ${lasting(UNKNOWN_MS)} nobody can tell about ${jobs} of source ${source}: ${named(long.map(({ path }) => path))}`,
  };
}

function foundAliveAlarm({ source, foundAlive }: Standing): AlarmToOpen | null {
  const [first] = foundAlive.toSorted((a, b) => a.endedAt.getTime() - b.endedAt.getTime());
  if (!first) return null;
  const jobs = foundAlive.length === 1 ? 'a job' : `${foundAlive.length} jobs`;
  const told = `${first.path}, ended ${instant(first.endedAt)}: ${first.alive}`;
  const names = named(foundAlive.map(({ path }) => path));
  return {
    subject: source,
    kind: 'found-alive',
    brokenAt: first.endedAt,
    message: `The sweep ended ${jobs} of source ${source} that lived: ${names}; the first, ${told}`,
  };
}

/** Why a sweep concludes less of a source than it could, what comes of that, in words, and since when. */
export interface Blindness {
  source: string;
  because: string;
  so: string;
  brokenAt: Date;
}

/** The alarm of the sweep itself while it does not believe what it sees. */
export function blindAlarm(
  subject: string,
  blind: readonly Blindness[],
  open: readonly Alarm[],
): Required<AlarmChanges> {
  const [first] = blind.toSorted((a, b) => a.brokenAt.getTime() - b.brokenAt.getTime());
  const words = blind.map(({ source, because, so }) => `source ${source}: ${because}, so ${so}`);
  return oneAlarm(
    open.filter((alarm) => alarm.kind === 'sweeper-blind' && alarm.subject === subject),
    'it believes what it sees again',
    first
      ? {
          subject,
          kind: 'sweeper-blind',
          brokenAt: first.brokenAt,
          message: `The sweep may be blind: ${words.join('; ')}`,
        }
      : null,
  );
}

function named(names: readonly string[]): string {
  const more = names.length - NAMES_TOLD;
  return `${names.slice(0, NAMES_TOLD).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
