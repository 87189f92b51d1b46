import { stripVTControlCharacters } from 'node:util';
import { columnsOf, cut, padded } from './columns.ts';
import { paint, terminalWidth } from './terminal.ts';

/** One column of a table; numbers are read best when aligned right. */
export interface Column {
  title: string;
  align?: 'left' | 'right';
  /** An id, which is copied: it is never cut, also as the last column. */
  whole?: true;
  /** Left out where the terminal is too narrow, the highest first; a column without stays. */
  drop?: number;
}

const GAP = '  ';
/** The least room of a last column that is cut where the terminal ends. */
const LEAST_LAST = 16;

/** A column that is shown, and how wide its cells are. */
interface Shown {
  column: Column;
  index: number;
  width: number;
}

/** How a table is laid out. */
interface Layout {
  /** The columns of the terminal; without one nothing is cut, left out or folded. */
  width?: number | undefined;
  /** Lines that stand below each row. */
  below?: readonly (readonly string[])[];
}

/**
 * The lines of an aligned table with a dim head. Where the terminal is too narrow, columns that may be are left out, then
 * rows fold into several lines; the last column is cut where the terminal ends, unless it is whole.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { width = terminalWidth(), below = [] }: Layout = {},
): string[] {
  const all = columns.map((column, index) => ({
    column,
    index,
    width: Math.max(columnsOf(column.title), ...rows.map((row) => columnsOf(row[index] ?? ''))),
  }));
  const groups = width === undefined ? [all] : folded(withoutDropped(all, width), width);
  const linesOf = (cells: readonly string[]) =>
    groups.map((group, line) => lineOf(group, cells, width, line === 0 ? '' : GAP));
  return [
    ...linesOf(columns.map(({ title }) => title)).map((line) => paint.dim(line)),
    ...rows.flatMap((row, index) => [...linesOf(row), ...(below[index] ?? [])]),
  ];
}

/** What columns take beside each other: the last one what it must have, the others all that they hold. */
function needed(shown: readonly Shown[]): number {
  return shown.reduce((sum, { column, width }, index) => {
    const isCut = index === shown.length - 1 && !column.whole && column.align !== 'right';
    return sum + (index > 0 ? GAP.length : 0) + (isCut ? Math.min(width, LEAST_LAST) : width);
  }, 0);
}

function withoutDropped(all: readonly Shown[], width: number): Shown[] {
  let shown = [...all];
  while (needed(shown) > width) {
    const rank = Math.max(...shown.map(({ column }) => column.drop ?? 0));
    if (rank === 0) return shown;
    shown = shown.filter(({ column }) => column.drop !== rank);
  }
  return shown;
}

/** The columns in groups, each of which fits into a line; a column that fits into none has a line of its own. */
function folded(shown: readonly Shown[], width: number): Shown[][] {
  const groups: Shown[][] = [];
  for (const one of shown) {
    const last = groups.at(-1);
    const indent = groups.length > 1 ? GAP.length : 0;
    if (last && indent + needed([...last, one]) <= width) last.push(one);
    else groups.push([one]);
  }
  return groups;
}

function lineOf(
  group: readonly Shown[],
  cells: readonly string[],
  width: number | undefined,
  indent: string,
): string {
  let taken = indent.length;
  const texts = group.map(({ column, index, width: own }, at) => {
    const cell = cells[index] ?? '';
    const isLast = at === group.length - 1;
    const text =
      isLast && column.align !== 'right'
        ? lastCell(column, cell, width, taken)
        : padded(cell, own, column.align);
    taken += own + GAP.length;
    return text;
  });
  return `${indent}${texts.join(GAP)}`.trimEnd();
}

function lastCell({ whole }: Column, cell: string, width: number | undefined, taken: number): string {
  if (whole || width === undefined || taken + columnsOf(cell) <= width) return cell;
  // Colours cannot be cut safely, so a cell that is too long loses them.
  return cut(stripVTControlCharacters(cell), Math.max(LEAST_LAST, width - taken));
}
