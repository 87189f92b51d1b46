import { type Entry, entriesInWords, lineWidth } from './entries.ts';

/** What is told of a summary: its lines, what they leave untold, and the paths of the problems that they tell. */
export interface SummaryTold {
  lines: string[];
  rest: Record<string, unknown>;
  problems: string[];
}

/** An entry with one text, or none to tell. */
export function entry(label: string, text: string | false, tone?: Entry['tone']): Entry {
  return { label, lines: text ? [text] : [], tone };
}

/** The lines of those entries that have anything to say, `indent` of the terminal being taken. */
export function entryLines(entries: readonly Entry[], indent: number): string[] {
  return entriesInWords(
    entries.filter(({ lines }) => lines.length > 0),
    lineWidth() - indent,
  );
}

/** Whether a count says that there is any. */
export function any(count: unknown): boolean {
  return Number(count) > 0;
}
