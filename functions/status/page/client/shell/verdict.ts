import type { HealthState } from '../../../../shared/model/run/health-state.ts';
import type { Tone } from '../parts/tone.ts';

/** The one sentence on top, and how it is coloured. */
export interface VerdictLine {
  tone: Tone;
  words: string;
  /** What is as it should be. */
  rest: string;
}

/** What the sentence follows from. */
export interface VerdictFacts {
  states: readonly HealthState[];
  /** How many alarms are open, not muted, and about something else than the state of a task. */
  alarms: number;
  /** Whether one of all that are open and not muted is critical. */
  critical: boolean;
  /** Sources of whose jobs something is wrong. */
  sources: number;
  /** Records that cannot be read, but for those of tasks. */
  unreadable: number;
  /** Why it cannot be seen how things stand now; `null` where it can. */
  blind: string | null;
}

/** How everything stands; never good while it cannot be seen. */
export function verdictLine({
  states,
  alarms,
  critical,
  sources,
  unreadable,
  blind,
}: VerdictFacts): VerdictLine {
  const count = (state: HealthState) => states.filter((it) => it === state).length;
  const say = (...names: HealthState[]) =>
    names.flatMap((state) => (count(state) > 0 ? [`${count(state)} ${state === 'ok' ? 'OK' : state}`] : []));
  const wrong = say('stuck', 'failing', 'unknown', 'late', 'degraded');
  if (alarms > 0) wrong.push(alarms === 1 ? '1 alarm' : `${alarms} alarms`);
  if (sources > 0) wrong.push(`jobs of ${sources} source${sources === 1 ? '' : 's'}`);
  if (unreadable > 0) wrong.push(`${unreadable} unreadable record${unreadable === 1 ? '' : 's'}`);
  const rest = say('running', 'ok', 'new', 'disabled').join(', ');
  if (blind !== null)
    return { tone: 'warn', words: blind, rest: wrong.length > 0 ? `Before that: ${wrong.join(', ')}` : '' };
  if (wrong.length > 0) {
    const bad = critical || count('stuck') + count('failing') > 0;
    return { tone: bad ? 'bad' : 'warn', words: wrong.join(', '), rest };
  }
  if (states.every((state) => state === 'new' || state === 'disabled'))
    return { tone: 'calm', words: 'No task has run yet', rest };
  return { tone: 'good', words: 'Everything is as it should be', rest };
}
