import { columnsOf, cut } from '../../words/columns.ts';
import { plural } from '../../words/figures.ts';
import { paint } from '../../words/terminal.ts';

/** What stays together: one or more lines. */
export interface Block {
  lines: readonly string[];
  /** Whether it is shown before what stands above it, where there is no room for both. */
  isTelling?: boolean;
}

/** A part of what is watched. */
export interface Section {
  /** Is always shown. */
  head: string;
  /** What is shown before any row. */
  notes: readonly string[];
  rows: readonly Block[];
  /** Rows that are not there to be shown. */
  others: number;
}

/** Of notes and rows that have no room together, notes get one line of so many, and one at least. */
const LINES_PER_NOTE = 3;
/** Colours and the like, which are all that steers the terminal in a line of ours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what starts such a code
const STYLES = /(\u001b\[[\d;]*m)/;

/** Sections as at most `room` lines: each gets its share, what one does not need the others have, and what is left out is counted. */
export function fitted(sections: readonly Section[], room: number): string[] {
  const needs = sections.map(linesNeeded);
  const shares = shared(needs, Math.max(0, room - sections.length));
  return sections
    .flatMap((section, index) => [section.head, ...body(section, shares[index] ?? 0)])
    .slice(0, room);
}

/** What each gets of `room`: as much as it needs, or else as much as every other that needs more. */
function shared(needs: readonly number[], room: number): number[] {
  const shares = needs.map(() => 0);
  let left = room;
  for (;;) {
    const wanting = needs.flatMap((need, index) => (need > (shares[index] ?? 0) ? [index] : []));
    if (left <= 0 || wanting.length === 0) return shares;
    const each = Math.max(1, Math.floor(left / wanting.length));
    for (const index of wanting) {
      const more = Math.min(each, (needs[index] ?? 0) - (shares[index] ?? 0), left);
      shares[index] = (shares[index] ?? 0) + more;
      left -= more;
    }
  }
}

function linesNeeded({ notes, rows, others }: Section): number {
  return notes.length + countLines(rows) + (others > 0 ? 1 : 0);
}

function countLines(blocks: readonly Block[]): number {
  return blocks.reduce((sum, { lines }) => sum + lines.length, 0);
}

function body(section: Section, room: number): string[] {
  if (room <= 0) return [];
  const { notes, rows, others } = section;
  const isWhole = linesNeeded(section) <= room;
  const shownNotes = isWhole
    ? notes
    : notes.slice(0, Math.min(Math.max(1, Math.floor(room / LINES_PER_NOTE)), room - 1));
  const shownRows = isWhole ? rows : chosen(rows, room - 1 - shownNotes.length);
  const [notesLeft, rowsLeft] = [notes.length - shownNotes.length, rows.length - shownRows.length + others];
  const left = [
    ...(notesLeft > 0 ? [plural(notesLeft, 'note')] : []),
    ...(rowsLeft > 0 ? [plural(rowsLeft, 'row')] : []),
  ].join(' and ');
  return [
    ...shownNotes,
    ...shownRows.flatMap(({ lines }) => lines),
    ...(left ? [paint.dim(`  … ${left} more`)] : []),
  ];
}

/** The rows that have room, in their order; the telling one has it first of all. */
function chosen(rows: readonly Block[], room: number): Block[] {
  const telling = rows.find(({ isTelling }) => isTelling);
  const reserved = telling && telling.lines.length <= room ? telling : undefined;
  const shown = new Set<Block>(reserved ? [reserved] : []);
  let left = room - (reserved?.lines.length ?? 0);
  for (const row of rows) {
    if (shown.has(row)) continue;
    if (row.lines.length > left) break;
    shown.add(row);
    left -= row.lines.length;
  }
  return rows.filter((row) => shown.has(row));
}

/** A line cut to so many columns, whose colours end as they would have. */
export function narrowed(line: string, columns: number): string {
  if (columnsOf(line) <= columns) return line;
  let left = columns - 1;
  // Every other part is a style.
  const parts = line.split(STYLES).map((part, index) => {
    if (index % 2 === 1) return part;
    if (left < 0) return '';
    const own = columnsOf(part);
    const kept = own <= left ? part : cut(part, left + 1);
    left = own <= left ? left - own : -1;
    return kept;
  });
  return parts.join('');
}
