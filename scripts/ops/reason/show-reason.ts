import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { messageOf } from '../../../functions/shared/errors.ts';
import { MOST_LINES } from '../../../functions/shared/model/workload/log/lines.ts';
import { reasonOf } from '../../../functions/shared/model/workload/reason.ts';
import { exitWith, shell } from '../../shared/shell.ts';
import { note, oneLine, paint, paintError, print, printJson } from '../../words/terminal.ts';
import { EXIT, usage } from '../shared/problem.ts';
import { isCase, readCase } from './cases.ts';
import { type TextLine, textLines } from './text-lines.ts';

/** A log of many is one line, and may be as long as Cloud Logging keeps of a job. */
const LONGEST_LINE = 64 * 1024 * 1024;
/** More of a line of one log is not looked at. */
const LONGEST_OF_ONE = 256 * 1024;
/** Lines that are looked at to learn whether the file holds many logs: the first ones may be broken. */
const LEARN_FROM = 20;

/** Prints why what wrote a log ended; of a file that holds many logs, one line of JSON for each. */
export async function showReason(file: string, { json }: { json?: true }): Promise<void> {
  const stream = await openText(file);
  try {
    const rest = textLines(stream, LONGEST_LINE);
    let first: TextLine[] = [];
    for (let next = await rest.next(); !next.done; next = await rest.next()) {
      first = first.concat(next.value);
      if (first.slice(0, LEARN_FROM).some(isCase)) return await showCases(bothOf(first, rest));
      if (first.length >= LEARN_FROM) break;
    }
    if (beginsList(first)) await showList(bothOf(first, rest), json === true);
    else await showOne(bothOf(first, rest), json === true);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === 'read') throw unreadable(file, error);
    throw error;
  } finally {
    stream.destroy();
  }
}

async function openText(file: string): Promise<Readable> {
  if (file === '-') return shell().stdin;
  try {
    const handle = await open(file);
    if (!(await handle.stat()).isDirectory()) return handle.createReadStream();
    await handle.close();
    throw new Error('it is a folder');
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): Error {
  const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  return usage(`Cannot read ${file}: ${isMissing ? 'no such file' : messageOf(error)}`);
}

async function showOne(batches: AsyncIterable<TextLine[]>, json: boolean): Promise<void> {
  let last: string[] = [];
  for await (const lines of batches) {
    for (const { text } of lines.slice(-MOST_LINES))
      last.push(text.length > LONGEST_OF_ONE ? detached(text) : text);
    last = last.slice(-MOST_LINES);
  }
  show(last, json);
}

/** Whether a text may be a list of entries; a line of a log may begin with its time in brackets. */
function beginsList(first: readonly TextLine[]): boolean {
  const begin = first
    .slice(0, 2)
    .map(({ text }) => text)
    .join('');
  return /^\s*\[\s*\{/.test(begin);
}

async function showList(batches: AsyncIterable<TextLine[]>, json: boolean): Promise<void> {
  const { linesOfList } = await import('./entries.ts');
  const lines: string[] = [];
  let bytes = 0;
  for await (const batch of batches)
    for (const { text } of batch) {
      bytes += text.length + 1;
      if (bytes > LONGEST_LINE)
        throw usage(
          `Cannot read a list of more than ${LONGEST_LINE / 2 ** 20} MB: ask for the newest entries alone`,
        );
      lines.push(text);
    }
  show(linesOfList(lines.join('\n')) ?? lines, json);
}

function show(lines: readonly string[], json: boolean): void {
  const { line, category, rule, also } = reasonOf(lines);
  if (json) printJson({ line, category, rule, also });
  else print(`${paint.bold(category)}: ${oneLine(line)}`);
}

/** The beginning of a huge text, as a text of its own: a slice would keep all of it in memory. */
function detached(text: string): string {
  return Buffer.from(text.slice(0, LONGEST_OF_ONE)).toString();
}

async function showCases(batches: AsyncIterable<TextLine[]>): Promise<void> {
  let wrong = 0;
  for await (const lines of batches)
    for (const given of lines) {
      if (given.text.trim() === '') continue;
      const read = readCase(given);
      if ('wrong' in read) {
        wrong += 1;
        note(paintError.red(`Cannot read line ${given.number}: ${read.wrong}`));
        continue;
      }
      const { line, category, rule, also } = reasonOf(read.log.lines);
      await printLine(JSON.stringify({ id: read.log.id, line, category, rule, also }));
    }
  if (wrong > 0) exitWith(EXIT.wrong);
}

async function* bothOf(first: TextLine[], rest: AsyncIterable<TextLine[]>): AsyncGenerator<TextLine[]> {
  yield first;
  yield* rest;
}

/** Waits for whoever reads, so that no output piles up; a pipe that was closed is not waited for. */
async function printLine(line: string): Promise<void> {
  const { stdout } = shell();
  if (stdout.destroyed || stdout.write(`${line}\n`)) return;
  const stop = new AbortController();
  const options = { signal: stop.signal };
  await Promise.race([once(stdout, 'drain', options), once(stdout, 'close', options)]).catch(() => undefined);
  stop.abort();
}
