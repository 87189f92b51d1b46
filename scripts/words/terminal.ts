import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { type Output, shell } from '../shared/shell.ts';
import { cut } from './columns.ts';

/** Whether `stream` is to be coloured: a terminal, unless NO_COLOR says no or FORCE_COLOR says yes. */
export function wantsColor(stream: { isTTY?: boolean }, variables: NodeJS.ProcessEnv): boolean {
  if (variables.NO_COLOR) return false;
  if (variables.FORCE_COLOR) return variables.FORCE_COLOR !== '0';
  return stream.isTTY === true && variables.TERM !== 'dumb';
}

type Color = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan';

/** Colours for what is written to a stream of the shell, which is asked anew each time: it may be another one by then. */
function paintFor(stream: 'stdout' | 'stderr'): Record<Color, (text: string) => string> {
  // picocolors' own guess colours whatever runs with CI set, pipes included.
  const colors = pc.createColors(true);
  const painted = (color: Color) => (text: string) => {
    const { [stream]: written, env } = shell();
    return wantsColor(written, env) ? colors[color](text) : text;
  };
  return {
    bold: painted('bold'),
    dim: painted('dim'),
    red: painted('red'),
    green: painted('green'),
    yellow: painted('yellow'),
    blue: painted('blue'),
    cyan: painted('cyan'),
  };
}

export const paint = paintFor('stdout');
export const paintError = paintFor('stderr');

/** How many columns the terminal has that is written to; `undefined` where it is none. */
export function terminalWidth(written: Output = shell().stdout): number | undefined {
  return written.isTTY ? written.columns : undefined;
}

/** Writes lines for a person, or for a pipe. */
export function print(...lines: string[]): void {
  shell().stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** Writes lines beside the result: notes, progress, errors. */
export function note(...lines: string[]): void {
  shell().stderr.write(lines.map((line) => `${line}\n`).join(''));
}

/** Writes records for a program; dates become ISO text, and so do integers that a JSON number does not hold. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one), 2));
}

/** `text` as one harmless line: stored text must neither break a table nor steer the terminal, nor turn what stands beside it. */
export function oneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\p{Bidi_Control}+/gu, '')
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();
}

/** The first line of `text`, harmless, at most `limit` characters. */
export function firstLine(text: string, limit = 200): string {
  return cut(oneLine(text.trimStart().split(/\r?\n/, 1)[0] ?? ''), limit);
}

/** What an error says before it goes on to explain. */
export function firstSentence(error: unknown): string {
  return error instanceof Error ? firstLine(error.message.split('. ', 1)[0] ?? '') : String(error);
}

/** `word` as a shell takes it for one. */
export function shellQuoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
