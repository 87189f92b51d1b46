import type { HealthState } from '../../../../shared/model/run/health-state.ts';
import type { Tone } from '../parts/tone.ts';
import { STATES } from '../tasks/states.ts';

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
  /** Open and not muted, by how bad they are. */
  critical: number;
  warnings: number;
  /** Why it cannot be seen how things stand now; `null` where they can. */
  blind: string | null;
}

const BAD: readonly HealthState[] = ['stuck', 'failing'];
const POOR: readonly HealthState[] = ['late', 'degraded'];

/** How everything stands; never good while it cannot be seen. */
export function verdictLine({ states, critical, warnings, blind }: VerdictFacts): VerdictLine {
  const count = (state: HealthState) => states.filter((it) => it === state).length;
  const say = (state: HealthState) => (count(state) > 0 ? [`${count(state)} ${wordOf(state)}`] : []);
  const wrong = [...BAD, ...POOR].flatMap(say);
  const alarms = critical + warnings;
  if (alarms > 0) wrong.push(`${alarms} ${alarms === 1 ? 'alarm' : 'alarms'}`);
  const rest = (['running', 'ok', 'new', 'disabled'] as const).flatMap(say).join(', ');
  if (blind !== null)
    return { tone: 'warn', words: blind, rest: wrong.length > 0 ? `before that ${wrong.join(', ')}` : '' };
  if (states.length === 0) return { tone: 'calm', words: 'No task has run yet', rest };
  if (wrong.length === 0) return { tone: 'good', words: 'Everything is as it should be', rest };
  const bad = critical > 0 || BAD.some((state) => count(state) > 0);
  return { tone: bad ? 'bad' : 'warn', words: wrong.join(', '), rest };
}

function wordOf(state: HealthState): string {
  return state === 'ok' ? 'OK' : STATES[state].word.toLowerCase();
}
