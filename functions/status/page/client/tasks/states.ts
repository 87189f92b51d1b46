import type { HealthState } from '../../../../shared/model/run/health-state.ts';
import type { Outcome } from '../../../../shared/model/run/outcomes.ts';
import type { IconName } from '../parts/shapes.ts';
import type { Tone } from '../parts/tone.ts';

/** How a state or an outcome looks. */
export interface Look {
  icon: IconName;
  tone: Tone;
  word: string;
}

export const STATES: Record<HealthState, Look> = {
  stuck: { icon: 'stuck', tone: 'bad', word: 'Stuck' },
  failing: { icon: 'failing', tone: 'bad', word: 'Failing' },
  unknown: { icon: 'unknown', tone: 'warn', word: 'Unknown' },
  late: { icon: 'late', tone: 'warn', word: 'Late' },
  degraded: { icon: 'degraded', tone: 'warn', word: 'Degraded' },
  running: { icon: 'running', tone: 'busy', word: 'Running' },
  new: { icon: 'new', tone: 'calm', word: 'New' },
  ok: { icon: 'ok', tone: 'good', word: 'OK' },
  disabled: { icon: 'disabled', tone: 'calm', word: 'Disabled' },
};

export const OUTCOMES: Record<Outcome, Look> = {
  succeeded: { icon: 'ok', tone: 'good', word: 'succeeded' },
  partial: { icon: 'degraded', tone: 'warn', word: 'partial' },
  failed: { icon: 'failing', tone: 'bad', word: 'failed' },
  'timed-out': { icon: 'late', tone: 'bad', word: 'timed out' },
  lost: { icon: 'stuck', tone: 'bad', word: 'lost' },
  missed: { icon: 'disabled', tone: 'bad', word: 'missed' },
  skipped: { icon: 'disabled', tone: 'calm', word: 'skipped' },
  running: { icon: 'running', tone: 'busy', word: 'running' },
};
