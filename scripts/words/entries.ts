import { columnsOf, cut, padded } from './columns.ts';
import { paint, terminalWidth } from './terminal.ts';

/** What is told under one label. */
export interface Entry {
  label: string;
  /** Plain text; what is too long goes on in the next line. */
  lines: readonly string[];
  /** Parts below it, as cells of columns: a name, then figures. */
  rows?: readonly (readonly string[])[] | undefined;
  /** What is said of the parts that are not listed. */
  more?: string | undefined;
  /** Whether its lines are never broken: commands are copied whole. */
  verbatim?: boolean;
  /** The colour of its lines. */
  tone?: ((text: string) => string) | undefined;
}

const MARGIN = '  ';
const LEAST_LABEL = 12;
const GAP = '  ';
const LEAST_ROOM = 24;
const LEAST_NAME = 8;

/** How wide a line may be: as the terminal, or 80 columns in a pipe. */
export function lineWidth(): number {
  return terminalWidth() || 80;
}

/** Entries as lines of at most `width` columns, texts aligned behind their labels. */
export function entriesInWords(entries: readonly Entry[], width: number): string[] {
  const labelWidth = Math.max(LEAST_LABEL, ...entries.map(({ label }) => columnsOf(label) + 1));
  const indent = ' '.repeat(MARGIN.length + labelWidth);
  const room = Math.max(LEAST_ROOM, width - indent.length);
  return entries.flatMap(({ label, lines, rows = [], more, verbatim, tone = (text) => text }) => {
    const [first = '', ...others] = lines
      .flatMap((line) => (verbatim ? line : wrapped(line, room)))
      .map(tone);
    return [
      `${MARGIN}${padded(label, labelWidth)}${first}`,
      ...others.map((line) => `${indent}${line}`),
      ...aligned(rows, room - MARGIN.length).map((line) => `${indent}${MARGIN}${line}`),
      ...(more === undefined ? [] : [`${indent}${MARGIN}${paint.dim(more)}`]),
    ];
  });
}

/** `text` in lines of at most `room` characters, broken between clauses, and between words where one is too long. */
export function wrapped(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = '';
  const pieces = text
    .split(/(?<=[;,:]) /)
    .flatMap((clause) => (columnsOf(clause) > room ? clause.split(' ') : [clause]));
  for (const piece of pieces) {
    if (line && columnsOf(line) + 1 + columnsOf(piece) > room) {
      lines.push(line);
      line = piece;
    } else {
      line = line ? `${line} ${piece}` : piece;
    }
  }
  return [...lines, line];
}

/** Rows with their first cell at the left and the others at the right of their columns; long names are cut. */
function aligned(rows: readonly (readonly string[])[], room: number): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, columnsOf(cell));
  const [longest = 0, ...figures] = widths;
  const taken = figures.reduce((sum, width) => sum + GAP.length + width, 0);
  const nameWidth = Math.min(longest, Math.max(LEAST_NAME, room - taken));
  return rows.map(([name = '', ...cells]) =>
    [
      padded(cut(name, nameWidth), nameWidth),
      ...cells.map((cell, index) => padded(cell, figures[index] ?? 0, 'right')),
    ]
      .join(GAP)
      .trimEnd(),
  );
}
