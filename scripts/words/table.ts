import { stripVTControlCharacters } from 'node:util';
import { cut, paint, terminalWidth } from './terminal.ts';

/** One column of a table; numbers are read best when aligned right. */
export interface Column {
  title: string;
  align?: 'left' | 'right';
}

const GAP = '  ';

/**
 * Lines of an aligned table with a dim head. The last column is cut where the terminal ends; without a terminal
 * (`width` undefined) nothing is cut.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | undefined = terminalWidth(),
): string[] {
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...rows.map((row) => visible(row[index] ?? ''))),
  );
  const last = columns.length - 1;
  const before = widths.slice(0, last).reduce((sum, one) => sum + one + GAP.length, 0);
  const room = width === undefined ? undefined : Math.max(10, width - before);
  const line = (cells: readonly string[]) =>
    columns
      .map((column, index) => {
        const cell = cells[index] ?? '';
        if (index === last && column.align !== 'right') return fit(cell, room);
        return pad(cell, widths[index] ?? 0, column.align);
      })
      .join(GAP)
      .trimEnd();
  return [paint.dim(line(columns.map((column) => column.title))), ...rows.map(line)];
}

function visible(cell: string): number {
  return stripVTControlCharacters(cell).length;
}

function pad(cell: string, width: number, align: Column['align']): string {
  const fill = ' '.repeat(Math.max(0, width - visible(cell)));
  return align === 'right' ? fill + cell : cell + fill;
}

function fit(cell: string, room: number | undefined): string {
  // Colours cannot be cut safely, so a cell that is too long loses them.
  return room === undefined || visible(cell) <= room ? cell : cut(stripVTControlCharacters(cell), room);
}
