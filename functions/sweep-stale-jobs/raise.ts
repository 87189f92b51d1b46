import { DAY_MS } from '../shared/dates.ts';
import {
  type Alarm,
  type AlarmChanges,
  type AlarmKind,
  type AlarmToOpen,
  alarmId,
} from '../shared/model/alarm.ts';
import type { Since } from '../shared/model/sweep-marks.ts';
import type { Overdue } from './outcomes.ts';
import { lasting } from './words.ts';

/** Of one source, so many jobs that run for too long have an alarm of their own: those that broke their limit first. */
const MOST_OVERDUE = 20;
const NAMES_TOLD = 5;
/** Nobody could tell about a job for so long: that is an incident. */
const UNKNOWN_MS = DAY_MS;

/** How the jobs of a source stand after a sweep. */
export interface Standing {
  source: string;
  /** Jobs that run for longer than they may. */
  overdue: readonly Overdue[];
  /** Whether every suspect was seen: who was not, is none. */
  complete: boolean;
  /** Jobs that nobody can tell about. */
  unknown: readonly Since[];
  /** Where more jobs run for long than should: how many, and since when they were too many. */
  longRunning: { jobs: number; most: number; longerThanMs: number; brokenAt: Date } | null;
}

/** The alarms about the jobs of one source that open and close with a sweep; `open` are those of the source. */
export function alarmsAbout(standing: Standing, open: readonly Alarm[], now: Date): Required<AlarmChanges> {
  const { source, complete } = standing;
  const of = (kind: AlarmKind) => open.filter((alarm) => alarm.kind === kind);
  const changes: Required<AlarmChanges> = { open: [], close: [] };
  const add = ({ open: opened, close }: Required<AlarmChanges>) => {
    changes.open.push(...opened);
    changes.close.push(...close);
  };

  // Of a job that nobody can tell about, no alarm says that it runs; one that was raised before is not over either.
  const seen = standing.overdue.filter(({ kept }) => kept);
  const known = new Set(open.map(({ id }) => id));
  const lasts = new Set(overdueAlarms(standing).map(alarmId));
  add({
    open: overdueAlarms({ source, overdue: seen }).filter((alarm) => !known.has(alarmId(alarm))),
    close: of('overdue').flatMap(({ id }) =>
      complete && !lasts.has(id) ? [{ id, because: 'no job is over that limit any more' }] : [],
    ),
  });

  const long = standing.longRunning;
  add(
    one(
      of('long-running'),
      'fewer jobs run for so long',
      long && {
        ...{ subject: source, kind: 'long-running', brokenAt: long.brokenAt },
        message: `${long.jobs} jobs of source ${source} have been running for over ${lasting(long.longerThanMs)}, at most ${long.most} allowed`,
      },
    ),
  );

  const [first, ...others] = standing.unknown.filter(
    ({ since }) => now.getTime() - since.getTime() >= UNKNOWN_MS,
  );
  add(
    one(
      of('backend-unknown'),
      'no job is unknown for so long any more',
      first
        ? {
            ...{
              subject: source,
              kind: 'backend-unknown',
              brokenAt: new Date(first.since.getTime() + UNKNOWN_MS),
            },
            message: `For over ${lasting(UNKNOWN_MS)} nobody can tell about ${others.length === 0 ? '1 job' : `${others.length + 1} jobs`} of source ${source}: ${named([first, ...others].map(({ path }) => path))}`,
          }
        : null,
    ),
  );
  return changes;
}

/** The alarm of the sweep itself, while it does not believe what it sees. */
export function blindAlarm(
  subject: string,
  blind: readonly { source: string; because: string; brokenAt: Date; held: number }[],
  open: readonly Alarm[],
): Required<AlarmChanges> {
  const [first] = [...blind].sort((a, b) => a.brokenAt.getTime() - b.brokenAt.getTime());
  const words = blind.map(
    ({ source, because, held }) =>
      `source ${source}: ${because}, so what rests on age or on a 404 alone is held for one interval (${held})`,
  );
  return one(
    open.filter((alarm) => alarm.kind === 'sweeper-blind' && alarm.subject === subject),
    'it believes what it sees again',
    first
      ? {
          ...{ subject, kind: 'sweeper-blind', brokenAt: first.brokenAt },
          message: `The sweep may be blind: ${words.join('; ')}`,
        }
      : null,
  );
}

/** One incident at a time: an alarm that is open stays what it is until nothing is `wrong` any more. */
function one(open: readonly Alarm[], because: string, wrong: AlarmToOpen | null): Required<AlarmChanges> {
  if (!wrong) return { open: [], close: open.map(({ id }) => ({ id, because })) };
  return { open: open.length === 0 ? [wrong] : [], close: [] };
}

function overdueAlarms({ source, overdue }: Pick<Standing, 'source' | 'overdue'>): AlarmToOpen[] {
  const incidents = [...Map.groupBy(overdue, ({ brokenAt }) => brokenAt.getTime()).values()];
  return incidents
    .flatMap((jobs) => {
      const [first] = jobs;
      if (!first) return [];
      const names = named(jobs.map(({ name }) => name));
      return [
        {
          subject: source,
          kind: 'overdue' as const,
          brokenAt: first.brokenAt,
          message: `Overdue: ${names}: ${first.because}`,
        },
      ];
    })
    .sort((a, b) => a.brokenAt.getTime() - b.brokenAt.getTime())
    .slice(0, MOST_OVERDUE);
}

function named(names: readonly string[]): string {
  const more = names.length - NAMES_TOLD;
  return `${names.slice(0, NAMES_TOLD).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
