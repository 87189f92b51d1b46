import { cut } from '../../../words/columns.ts';

import { usage } from '../../shared/problem.ts';

/** Flags that hold `NAME=VALUE` pairs, separated by commas: how they are read, and how a hint must write them. */

/** A comma before the next `FIELD=`; `==` belongs to an expression. */
const BEFORE_FIELD = /,(?=\s*\w+\s*=(?!=))/g;
/** A comma behind `=STATE`. */
const BEHIND_STATE = /(?<==\s*\w+\s*),/g;

/** Collects pairs of a field and what stands for it; a comma within a column belongs to it. */
export function fieldPairs(text: string, before: string[] = []): string[] {
  return [...before, ...split(text, BEFORE_FIELD)];
}

/** Collects pairs of a status and its state; a comma within a status belongs to it. */
export function statusPairs(text: string, before: string[] = []): string[] {
  return [...before, ...split(text, BEHIND_STATE)];
}

/** What stands before and behind the `=` at `index`. Throws a usage problem when there is none. */
export function splitAt(pair: string, index: number, flag: string, form: string): [string, string] {
  if (index < 0) throw usage(`Cannot read ${flag} ${JSON.stringify(pair)}: ${form} is expected`);
  return [pair.slice(0, index).trim(), pair.slice(index + 1).trim()];
}

/** A name without the double quotes around it; within them stand the escapes of JSON. */
export function unquoted(name: string): string {
  if (!/^"(?:[^"\\]|\\.)*"$/s.test(name)) return name;
  try {
    return String(JSON.parse(name));
  } catch {
    return name;
  }
}

/** `--status ...` for a status without a mapping, quoted for a shell; `STATE` is left to the reader. */
export function statusFlag(status: string): string {
  const name = status.trim();
  const [, many] = /^(.*\s)\d+$/s.exec(name) ?? [];
  const pattern = many === undefined ? name : `${many}*`;
  const short = pattern.length > LONGEST_HINT ? `${pattern.slice(0, LONGEST_HINT)}*` : pattern;
  return `--status ${shellWord(`${asName(short)}=STATE`)}`;
}

const LONGEST_HINT = 60;

/** Quoted where it would be read as anything but itself. */
function asName(name: string): string {
  const isPlain = unquoted(name) === name && name.trim() === name && !/[\p{Cc}"]/u.test(name);
  const [first, ...others] = split(`${name}=failed`, BEHIND_STATE);
  return isPlain && others.length === 0 && first === `${name}=failed` ? name : JSON.stringify(name);
}

/** A word of a command line, in single quotes where a shell would read more into it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A value as one short line of a message. */
export function shown(value: string): string {
  return cut(JSON.stringify(value), 80);
}

/** A comma between double quotes never separates; a quote that is never closed is none. */
function split(text: string, comma: RegExp): string[] {
  const marks = [...text.matchAll(/\\.|"/gs)].filter(([mark]) => mark === '"');
  const quotes = marks.map(({ index }) => index);
  const isQuoted = (at: number) =>
    quotes.length % 2 === 0 && quotes.filter((quote) => quote < at).length % 2 === 1;
  const commas = [...text.matchAll(comma)].map(({ index }) => index).filter((at) => !isQuoted(at));
  const begins = [0, ...commas.map((at) => at + 1)];
  return begins.map((begin, place) => text.slice(begin, commas[place]).trim());
}
