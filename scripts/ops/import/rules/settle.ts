import { isTerminal } from '../../../../functions/shared/model/job/job.ts';
import type { JobField } from '../../../../functions/shared/model/job/source.ts';
import { disagreement, isEarlierTry, LIFE_FIELDS, laterOf, lifeOf, livesAfter } from './life.ts';
import type { ParsedRow } from './record.ts';

/** All rows of one job merged into one, or why they contradict each other. */
export type Settled = { row: ParsedRow } | { line: number; reason: string };

/**
 * Merges the rows of one id. Of several tries the latest counts; within it the row with the latest state, and the values
 * that only other rows have. Two different endings of one try contradict each other where nothing shows which is later, and
 * so do an end and a sign of life more than `graceMs` after it.
 */
export function settle(rows: readonly ParsedRow[], graceMs: number): Settled {
  const [first] = rows;
  if (first !== undefined && rows.length === 1) return { row: first };
  const lastTry = withoutEarlierTries(rows);
  const latest = lastTry.reduce((best, row) => (laterOf(lifeOf(row), lifeOf(best)) >= 0 ? row : best));
  const byAge = lastTry.filter((row) => row !== latest).sort((a, b) => laterOf(lifeOf(b), lifeOf(a)));
  let merged = latest;
  for (const row of byAge) {
    const why = contradiction(merged, row, graceMs);
    if (why !== undefined) {
      const [one, other] = [latest.line, row.line].sort((a, b) => a - b);
      return {
        line: row.line,
        reason: `id ${JSON.stringify(row.id)}: lines ${one} and ${other} contradict each other: ${why}`,
      };
    }
    merged = filledFrom(merged, row);
  }
  return { row: merged };
}

function withoutEarlierTries(rows: readonly ParsedRow[]): ParsedRow[] {
  const lives = rows.map((row) => ({ row, life: lifeOf(row) }));
  const beginOf = ({ life }: (typeof lives)[number]) => (life.startedAt ?? life.createdAt)?.getTime() ?? 0;
  // A try that is earlier than any other is earlier than the one that began last.
  const last = lives.reduce((one, other) => (beginOf(other) > beginOf(one) ? other : one));
  const isEarlier = ({ life }: (typeof lives)[number]) => isEarlierTry(life, last.life);
  const lastEnd = lives
    .filter(isEarlier)
    .reduce((end, { life }) => Math.max(end, life.endedAt?.getTime() ?? 0), 0);
  // A row with a start before their last end belongs to one of them.
  return lives
    .filter(
      (one) => !isEarlier(one) && (one.life.startedAt === null || one.life.startedAt.getTime() >= lastEnd),
    )
    .map(({ row }) => row);
}

function contradiction(latest: ParsedRow, row: ParsedRow, graceMs: number): string | undefined {
  const [one, other] = [lifeOf(latest), lifeOf(row)];
  if (!isTerminal(one.state)) return undefined;
  if (!isTerminal(other.state))
    return livesAfter(other, one.endedAt, graceMs)
      ? `the end ${one.endedAt?.toISOString()} and the sign of life ${other.heartbeatAt?.toISOString()}`
      : undefined;
  return laterOf(one, other) === 0 ? disagreement(one, other) : undefined;
}

/** These come from the latest row alone. */
const OF_THE_LATEST: readonly JobField[] = ['status', 'updatedAt', 'error'];

function filledFrom(latest: ParsedRow, row: ParsedRow): ParsedRow {
  const isSame = latest.state === row.state;
  const isActive = !isTerminal(row.state);
  const values = { ...latest.values };
  for (const [key, value] of Object.entries(row.values)) {
    const field = key as JobField;
    if ((values[field] ?? null) !== null || OF_THE_LATEST.includes(field)) continue;
    // An ending that was superseded does not belong to the latest state, and a job that runs has no end.
    const isUsable = !LIFE_FIELDS.includes(field) || isSame || (isActive && field !== 'endedAt');
    if (isUsable) values[field] = value;
  }
  return { ...latest, values };
}
