import { relative } from '../../../../shared/figures.ts';
import { CLOCK_SKEW_MS, type HealthState } from '../../../../shared/model/run/health-state.ts';
import type { AlarmAnswer, SourceHealth, StatusAnswer, TaskAnswer } from '../../../api/schemas.ts';
import type { Envelope } from '../live/feed.ts';
import { badgeOf } from '../tasks/badge.ts';

/** States in which a task is not as it should be, each with the alarm that says the same. */
const WRONG: Partial<Record<HealthState, AlarmAnswer['kind'] | 'none'>> = {
  stuck: 'stuck',
  failing: 'failing',
  unknown: 'none',
  late: 'missed',
  degraded: 'none',
};

const FAILED = ['failed', 'timed-out', 'lost', 'missed'];

/** What wants a person. */
export interface Attention {
  /** The open alarms, the worst first. */
  alarms: AlarmAnswer[];
  /** Silenced for some time. */
  muted: AlarmAnswer[];
  /** What is wrong with no alarm that says so. */
  tasks: TaskAnswer[];
  sources: { source: string; wrong: string }[];
  /** Records that cannot be read, with why; of a task that is told by its state. */
  unreadable: { path: string; message: string }[];
}

/** What wants a person at `now`, milliseconds since 1970. */
export function attentionAt({ data, problems }: Envelope<StatusAnswer>, now: number): Attention {
  const { alarms, tasks, sources } = data;
  const { loud = [], muted = [] } = Object.groupBy(alarms, ({ mute }) =>
    mute && Date.parse(mute.until) > now ? 'muted' : 'loud',
  );
  return {
    alarms: loud,
    muted,
    tasks: tasks.filter((task) => {
      const kind = WRONG[badgeOf(task).value.state];
      return kind && !alarms.some((alarm) => alarm.subject === task.task && alarm.kind === kind);
    }),
    sources: sources.flatMap((source) => {
      const wrong = wrongWith(source, now);
      return wrong ? [{ source: source.source, wrong }] : [];
    }),
    // Without a path it is about the whole answer, which is told by its age.
    unreadable: problems.filter(
      ({ path }) => path && !tasks.some(({ task }) => path.endsWith(`tasks/${task}`)),
    ),
  };
}

/** Whether the state of a task says the same as an alarm. */
export function saidBy({ tasks }: StatusAnswer, kind: AlarmAnswer['kind'], subject: string): boolean {
  return tasks.some((task) => task.task === subject && WRONG[badgeOf(task).value.state] === kind);
}

/** What is wrong with what is known of the jobs of a source. */
function wrongWith({ at, staleAt, stale, falseLost }: SourceHealth, now: number): string {
  if (at === null) return 'no sweep has looked at its jobs yet';
  return [
    staleAt &&
      Date.parse(staleAt) < now &&
      `its jobs were last looked at ${relative(new Date(at), new Date(now))}`,
    Date.parse(at) > now + CLOCK_SKEW_MS &&
      `its jobs were last looked at ${relative(new Date(at), new Date(now))}: a clock is off`,
    stale && `${stale} of its records ${stale === 1 ? 'is' : 'are'} stale`,
    falseLost && `${falseLost} of its jobs a sweep ended wrongly`,
  ]
    .filter(Boolean)
    .join('; ');
}

/** Since when a task has been in a state that is wrong, as far as its answer says. */
export function wrongSince(state: HealthState, task: TaskAnswer): string | null {
  if (state === 'unknown') return null;
  if (state === 'late') return task.nextExpectedAt;
  if (state === 'stuck') return task.current?.startedAt ?? null;
  if (state === 'degraded') return task.lastStartedAt;
  const good = task.strip.findLastIndex(({ outcome }) => !FAILED.includes(outcome));
  return task.strip[good + 1]?.startedAt ?? task.lastStartedAt;
}
