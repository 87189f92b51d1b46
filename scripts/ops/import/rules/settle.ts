import { isTerminal } from '../../../../functions/shared/model/job/job.ts';
import type { JobField } from '../../../../functions/shared/model/job/source.ts';
import { disagreement, isEarlierTry, LIFE_FIELDS, laterOf, lifeOf, livesAfter } from './life.ts';
import type { Told } from './record.ts';

/** What all rows of one job tell together, or why they cannot be believed. */
export type Settled = { told: Told } | { line: number; reason: string };

/**
 * What the rows of one id tell: of several tries the latest; within it the latest state, filled with what only other rows
 * tell. Two endings of one try that differ, and say not when they were written, contradict each other, and so does an end
 * with a sign of life later than `graceMs` after it.
 */
export function settle(rows: readonly Told[], graceMs: number): Settled {
  const [first] = rows;
  if (first !== undefined && rows.length === 1) return { told: first };
  const lastTry = withoutEarlierTries(rows);
  const latest = lastTry.reduce((best, row) => (laterOf(lifeOf(row), lifeOf(best)) >= 0 ? row : best));
  const byAge = lastTry.filter((row) => row !== latest).sort((a, b) => laterOf(lifeOf(b), lifeOf(a)));
  let told = latest;
  for (const row of byAge) {
    const why = contradiction(told, row, graceMs);
    if (why !== undefined) {
      const [one, other] = [latest.line, row.line].sort((a, b) => a - b);
      return {
        line: row.line,
        reason: `id ${JSON.stringify(row.id)}: lines ${one} and ${other} contradict each other: ${why}`,
      };
    }
    told = filledFrom(told, row);
  }
  return { told };
}

function withoutEarlierTries(rows: readonly Told[]): Told[] {
  const lives = rows.map((told) => ({ told, life: lifeOf(told) }));
  const beginOf = ({ life }: (typeof lives)[number]) => (life.startedAt ?? life.createdAt)?.getTime() ?? 0;
  // Whatever is earlier than any other is earlier than the one that began last.
  const last = lives.reduce((one, other) => (beginOf(other) > beginOf(one) ? other : one));
  const isEarlier = ({ life }: (typeof lives)[number]) => isEarlierTry(life, last.life);
  const lastEnd = lives
    .filter(isEarlier)
    .reduce((end, { life }) => Math.max(end, life.endedAt?.getTime() ?? 0), 0);
  // What ran before the last of them ended was one of them.
  return lives
    .filter(
      (one) => !isEarlier(one) && (one.life.startedAt === null || one.life.startedAt.getTime() >= lastEnd),
    )
    .map(({ told }) => told);
}

function contradiction(latest: Told, row: Told, graceMs: number): string | undefined {
  const [one, other] = [lifeOf(latest), lifeOf(row)];
  if (!isTerminal(one.state)) return undefined;
  if (!isTerminal(other.state))
    return livesAfter(other, one.endedAt, graceMs)
      ? `the end ${one.endedAt?.toISOString()} and the sign of life ${other.heartbeatAt?.toISOString()}`
      : undefined;
  return laterOf(one, other) === 0 ? disagreement(one, other) : undefined;
}

/** Never filled: of the latest row alone. */
const OF_THE_LATEST: readonly JobField[] = ['status', 'updatedAt', 'error'];

function filledFrom(latest: Told, row: Told): Told {
  const isSame = latest.state === row.state;
  const isActive = !isTerminal(row.state);
  const values = { ...latest.values };
  for (const [key, value] of Object.entries(row.values)) {
    const field = key as JobField;
    if ((values[field] ?? null) !== null || OF_THE_LATEST.includes(field)) continue;
    // An ending that was superseded tells nothing of the life that counts, and what runs has no end.
    const isUsable = !LIFE_FIELDS.includes(field) || isSame || (isActive && field !== 'endedAt');
    if (isUsable) values[field] = value;
  }
  return { ...latest, values };
}
