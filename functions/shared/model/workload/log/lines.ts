import { z } from 'zod';
import { behindBar, cleanLines, LONGEST_LINE } from './clean.ts';
import { type Level, levelNamed, peel } from './prefixes.ts';

/** The end of a log, line by line, as a person would read it. */

/** A line without what stood before it. */
export interface LogLine {
  /** Its place among all that are looked at. */
  at: number;
  text: string;
  /** How far it is indented. */
  indent: number;
  /** Who wrote it, such as `rank3`; empty where nothing tells. */
  stream: string;
  level: Level | null;
}

/** What is looked at of a log, from its end: a reason stands there, and a log may be of any size. */
export const MOST_LINES = 1_000;
const MOST_CHARACTERS = 128 * 1024;
/** A longer one is not parsed as JSON, but read as it stands. */
const LONGEST_PAYLOAD = 64 * 1024;
/** What may stand before it. */
const LONGEST_HEAD = 400;

/** Where structured logs keep the message, and the stack that belongs to it. */
const payloadSchema = z.looseObject({
  severity: z.string().optional(),
  level: z.union([z.string(), z.number()]).optional(),
  levelname: z.string().optional(),
  message: z.unknown().optional(),
  msg: z.unknown().optional(),
  event: z.unknown().optional(),
  textPayload: z.unknown().optional(),
  jsonPayload: z.looseObject({ message: z.unknown().optional() }).optional().catch(undefined),
  log: z.unknown().optional(),
  error: z.unknown().optional(),
  err: z.unknown().optional(),
  exception: z.unknown().optional(),
  exc_info: z.unknown().optional(),
  stack: z.unknown().optional(),
  stack_trace: z.unknown().optional(),
  stacktrace: z.unknown().optional(),
  traceback: z.unknown().optional(),
});

/** A physical line, with the level of the structured entry that begins with it. */
interface Physical {
  text: string;
  level: Level | null;
}

/** Reads the end of a log. An entry may hold several lines, and structured ones their message. */
export function logLines(entries: readonly string[]): LogLine[] {
  const texts: Physical[] = [];
  let characters = 0;
  for (let at = entries.length - 1; at >= 0 && texts.length < MOST_LINES; at -= 1) {
    const { lines, level } = physicalLines(entries[at] ?? '');
    for (let each = lines.length - 1; each >= 0 && texts.length < MOST_LINES; each -= 1) {
      const text = lines[each] ?? '';
      characters += text.length + 1;
      if (characters > MOST_CHARACTERS) return readLines(texts.reverse());
      texts.push({ text, level: each === 0 ? level : null });
    }
  }
  return readLines(texts.reverse());
}

/** What Python draws to the left of the exceptions of a group. */
const GROUP_EDGE = /^ {0,60}(?:\+-[+\-\d. ]{0,80}|[|+] ?)/;

function readLines(physical: readonly Physical[]): LogLine[] {
  const grouped = physical.some(({ text }) => text.includes('Exception Group Traceback'));
  return physical.map(({ text: whole, level: given }, at) => {
    const { text: peeled, stream, level } = peel(behindBar(whole));
    const text = grouped ? peeled.replace(GROUP_EDGE, '') : peeled;
    const rest = text.trimStart();
    return {
      at,
      text: rest.trimEnd(),
      indent: text.length - rest.length,
      stream,
      level: level ?? given,
    };
  });
}

/** The lines of one entry; the last ones where there are more than are looked at. */
function physicalLines(entry: string): { lines: string[]; level: Level | null } {
  const { text, level } = innermost(entry);
  // Only the last part can be looked at, and splitting a huge text would cost as much as it is long.
  const tail = text.length > MOST_CHARACTERS && text.includes('\n') ? text.slice(-MOST_CHARACTERS) : text;
  const bounded = tail === text ? text.slice(0, MOST_CHARACTERS) : tail;
  const lines = unfolded(bounded)
    .split('\n')
    .slice(-MOST_LINES)
    .flatMap((line) => cleanLines(line.endsWith('\r') ? line.slice(0, -1) : line));
  return { lines, level };
}

const FOLDED = /Traceback \(most recent call last\):[^\n]{0,40} (?=File ")/;

/** Lines that something joined: by a written-out \\n, or with a blank, as an error message of a platform does. */
function unfolded(text: string): string {
  const written = text.includes('\\n') && !text.includes('\n') ? text.replaceAll('\\n', '\n') : text;
  const lined = written.replace(/\s(?=To find out more about why your job exited)/g, '\n');
  if (!FOLDED.test(lined)) return lined;
  return lined
    .replace(/\s(?=Traceback \(most recent)/g, '\n')
    .replace(/\s(?=File "[^"]{1,400}", line \d)/g, '\n  ')
    .replace(
      /\s(?=(?:[a-z_]\w{0,60}\.){0,6}[A-Z]\w{0,60}(?:Error|Exception|Interrupt|Exit|Timeout): )/g,
      '\n',
    );
}

/** The message of an entry, which may be a structured entry itself: a platform wraps what a program wrote. */
function innermost(entry: string): Physical {
  const outer = messageIn(entry);
  return (outer && messageIn(outer.text)) ?? outer ?? { text: entry, level: null };
}

/** The message of a structured entry with its stack behind; `undefined` where it is plain text. */
function messageIn(entry: string): Physical | undefined {
  if (entry.length > LONGEST_PAYLOAD || !entry.slice(-8).trimEnd().endsWith('}')) return undefined;
  const head = entry.slice(0, LONGEST_HEAD);
  // A container runtime writes its time before what the program wrote.
  const begin = head.includes('{') ? head.length - peel(head.trimStart()).text.length : head.length;
  if (entry[begin] !== '{') return undefined;
  const parsed = payloadSchema.safeParse(jsonOf(entry.slice(begin)));
  if (!parsed.success) return undefined;
  const it = parsed.data;
  const said = [it.message, it.msg, it.event, it.textPayload, it.jsonPayload?.message, it.log].find(isFilled);
  const stacks = [
    it.error,
    it.err,
    it.exception,
    it.exc_info,
    it.stack_trace,
    it.stacktrace,
    it.stack,
    it.traceback,
  ];
  const details = stacks.map(textOf).filter((text) => text !== '' && !String(said ?? '').includes(text));
  // Without any of these it is data, such as the body of an answer, and may stand in the middle of a message.
  if (!isFilled(said) && details.length === 0) return undefined;
  return {
    text: [textOf(said), ...details].filter(Boolean).join('\n'),
    level: levelOf(it.severity ?? it.levelname ?? it.level),
  };
}

function isFilled(value: unknown): value is string | object {
  return (typeof value === 'string' && value.trim() !== '') || (typeof value === 'object' && value !== null);
}

/** The text of a value; of an error that was made an object, its stack or its message. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, MOST_CHARACTERS);
  if (typeof value !== 'object' || value === null) return '';
  if (Array.isArray(value)) return value.every((it) => typeof it === 'string') ? value.join('\n') : '';
  const { stack, message, name } = value as Record<string, unknown>;
  if (typeof stack === 'string') return stack;
  if (typeof message === 'string') return typeof name === 'string' ? `${name}: ${message}` : message;
  return JSON.stringify(value).slice(0, LONGEST_LINE);
}

/** bunyan and pino write 30 for info, 40 for a warning, 50 and 60 for errors. */
function levelOf(level: string | number | undefined): Level | null {
  if (typeof level !== 'number') return levelNamed(level ?? '');
  return level >= 50 ? 'error' : level >= 40 ? 'warning' : 'info';
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
