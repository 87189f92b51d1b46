import type { PlatformFigures, PlatformSource } from '../../../functions/shared/model/day/platform.ts';
import { fieldsOf } from '../../shared/objects.ts';
import { cut } from '../columns.ts';
import type { Entry } from '../entries.ts';
import { bytes, figure, plural, UNKNOWN } from '../figures.ts';
import { oneLine } from '../terminal.ts';

/** What people read of a section, and the words for values that may be anything: a stored day, totals, JSON of an answer. */

export type Fields = Record<string, unknown>;
/** The keys of a record, with values that may be anything. */
export type Loose<T> = { [Key in keyof T]?: unknown };
/** What a section comes to, and its largest parts. */
export type Words = Pick<Entry, 'rows' | 'more'> & { text: string };

/** One labelled entry that a section is shown as. */
export interface SectionEntry {
  label: string;
  /** The part of the section that it shows; anything but an object is unknown. */
  of(section: unknown): unknown;
  words(part: Fields): Words;
  /** Where it is unknown, another entry of the same source says why, or it may not have been asked for. */
  unknown?: 'left out' | 'without reason';
}

/** What people read of one metric source of the platform. */
export interface SectionWords<Source extends PlatformSource> {
  /** What its figures are called, such as `storage bytes`. */
  name: string;
  /** What figures of its inner maps are called instead, by key. */
  parts?: Record<string, string>;
  entries: readonly SectionEntry[];
  /** Its columns in CSV, with the total that each holds. */
  columns: Record<string, (section: PlatformFigures[Source] | null) => number | null | undefined>;
}

/** Parts of a section that are listed, the largest first as they are stored. */
const ROWS_SHOWN = 3;

/** The first parts of a section in `cells`, and how many there are besides; none of totals, which have no parts. */
export function largest(
  parts: unknown,
  unlisted: unknown,
  noun: string,
  cells: (row: Fields) => string[],
): Pick<Entry, 'rows' | 'more'> {
  const rows = listOf(parts);
  const shown = rows.slice(0, ROWS_SHOWN);
  const hidden = rows.length - shown.length + (known(unlisted) ?? 0);
  return {
    rows: shown.map(cells),
    more: hidden > 0 ? `and ${figure(hidden)} more ${hidden === 1 ? noun : `${noun}s`}` : undefined,
  };
}

export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

export function known(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

export function count(value: unknown): string {
  return figure(known(value));
}

export function counted(value: unknown, one: string): string {
  return plural(known(value), one);
}

export function amount(value: unknown): string {
  return bytes(known(value));
}

export function nameOf(value: unknown): string {
  return cut(oneLine(String(value)), 60) || UNKNOWN;
}
