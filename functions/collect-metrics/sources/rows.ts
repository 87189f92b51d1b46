import { MOST_ROWS } from '../../shared/model/day/sections/section.ts';

/** How a section orders its rows. */
interface Order<Row> {
  /** `null` counts as nothing. */
  size: (row: Row) => number | null;
  /** Among rows of one size, so that the same figures are always the same section. */
  name: (row: Row) => string;
}

/** The largest of `rows`, at most `room`, and how many more there are. */
export function largest<Row>(
  rows: readonly Row[],
  { size, name }: Order<Row>,
  room = MOST_ROWS,
): { rows: Row[]; more: number } {
  const sorted = [...rows].sort(
    (a, b) => (size(b) ?? 0) - (size(a) ?? 0) || (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0),
  );
  return { rows: sorted.slice(0, room), more: Math.max(0, rows.length - room) };
}
