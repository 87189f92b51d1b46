import type { Run } from './run.ts';

/** Why a run was partial, in a few words: its first problem, the plan that waits, or what is left to do. */
export function whyPartial({ summary, problems }: Pick<Run, 'summary' | 'problems'>): string {
  const [first] = problems;
  if (first) {
    const where = first.path ? `${first.path}: ` : '';
    const others = problems.length - 1;
    const more = others > 0 ? `, and ${others} more problem${others === 1 ? '' : 's'}` : '';
    return `${firstLine(`${where}${first.message}`)}${more}`;
  }
  if (summary.planStatus === 'waiting') return 'its plan waits for approval';
  const left = amountOf(summary.remainingDays ?? summary.remaining);
  return left > 0
    ? `${left} thing${left === 1 ? '' : 's'} left to do, with which the next run goes on`
    : 'its record does not say why';
}

/** The longest first line that is kept. */
const LINE_LENGTH = 160;

function firstLine(text: string): string {
  const line = text.trimStart().split(/\r?\n/, 1)[0] ?? '';
  return line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH - 3)}...` : line;
}

function amountOf(remaining: unknown): number {
  if (Array.isArray(remaining)) return remaining.length;
  if (remaining !== null && typeof remaining === 'object')
    return Object.values(remaining).reduce<number>((sum, one) => sum + (Number(one) || 0), 0);
  return Number(remaining) || 0;
}
