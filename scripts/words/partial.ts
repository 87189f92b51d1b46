import type { Run } from '../../functions/shared/model/run/run.ts';
import { isObject } from '../shared/objects.ts';
import { plural } from './figures.ts';
import { firstLine } from './terminal.ts';

/** Why a run was partial, in a few words: its first problem, the plan that waits, or what is left to do. */
export function whyPartial({ summary, problems }: Pick<Run, 'summary' | 'problems'>): string {
  const [first] = problems;
  if (first) {
    const where = first.path ? `${first.path}: ` : '';
    const others = problems.length - 1;
    return `${firstLine(`${where}${first.message}`, 160)}${others > 0 ? `, and ${plural(others, 'more problem')}` : ''}`;
  }
  if (summary.planStatus === 'waiting') return 'its plan waits for approval';
  const left = amountOf(summary.remainingDays ?? summary.remaining);
  return left > 0
    ? `${plural(left, 'thing')} left to do, with which the next run goes on`
    : 'its record does not say why';
}

function amountOf(remaining: unknown): number {
  if (Array.isArray(remaining)) return remaining.length;
  if (isObject(remaining))
    return Object.values(remaining).reduce<number>((sum, one) => sum + (Number(one) || 0), 0);
  return Number(remaining) || 0;
}
