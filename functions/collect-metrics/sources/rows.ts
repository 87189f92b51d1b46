import { MOST_ROWS } from '../../shared/model/day/sections/section.ts';

/** How a section orders its rows. */
interface Order<Row> {
  /** `null` counts as 0. */
  size: (row: Row) => number | null;
  /** Orders rows of the same size, so that equal figures always make an equal section. */
  name: (row: Row) => string;
}

/** Returns the largest of `rows`, at most `room` of them, and how many more there are. */
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
