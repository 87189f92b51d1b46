import type { Outcome } from '../../functions/shared/model/run/outcomes.ts';
import { paint } from './terminal.ts';

type Paint = (text: string) => string;

const LOOKS: Record<Outcome, { mark: string; color: Paint }> = {
  succeeded: { mark: '✓', color: paint.green },
  partial: { mark: '~', color: paint.yellow },
  failed: { mark: '✗', color: paint.red },
  'timed-out': { mark: 't', color: paint.red },
  lost: { mark: 'l', color: paint.red },
  missed: { mark: 'm', color: paint.red },
  skipped: { mark: 's', color: paint.dim },
  running: { mark: '>', color: paint.cyan },
};

/** The word of an outcome in its colour. */
export function outcomeWord(outcome: Outcome): string {
  return LOOKS[outcome].color(outcome);
}

/** A strip of outcomes, one character each, the newest at the right. */
export function strip(outcomes: readonly Outcome[]): string {
  return outcomes.map((outcome) => LOOKS[outcome].color(LOOKS[outcome].mark)).join('');
}

/** What the characters of strips mean, only those that occur. */
export function stripLegend(outcomes: readonly Outcome[]): string {
  const present = (Object.keys(LOOKS) as Outcome[]).filter((outcome) => outcomes.includes(outcome));
  return present.map((outcome) => `${LOOKS[outcome].color(LOOKS[outcome].mark)} ${outcome}`).join('  ');
}
