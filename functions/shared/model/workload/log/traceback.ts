import type { LogLine } from './lines.ts';
import { isProgress } from './progress.ts';

/** Tracebacks of Python, wherever in a log they stand and whatever else is between their lines. */

/** Where something was raised, such as `main.py:15`. */
export interface Frame {
  file: string;
  line: string;
}

export interface Traceback {
  stream: string;
  begin: number;
  /** The line of its exception; the last one that was seen of it where it was cut off. */
  end: number;
  /** `KeyError: 'shard'` and the lines that belong to its message; empty where it was cut off. */
  message: LogLine[];
  /** The innermost frame of the user's own code, else of all. */
  frame: Frame | null;
  /** What the words between two tracebacks say of the one before: its cause, or what was being handled. */
  after: 'cause' | 'context' | null;
  /** Printed by what cleans up, and of no consequence. */
  ignored: boolean;
}

const HEADER = /(?:^|\W)(?:Original )?Traceback \(most recent call last\)/;
const FRAME = /^(?:File "([^"]{1,400})", line (\d{1,7})|│ (\S{1,400}\.py):(\d{1,7}) in )/;
/** A frame of a traceback that began before what is left of the log. */
const HEADLESS = /^File "[^"]{1,400}", line \d{1,7}, in \S/;
/** What rich draws around a traceback. */
const BOX = /^[│╭╰]/;
const CAUSE = /^The above exception was the direct cause of the following exception/;
const CONTEXT = /^During handling of the above exception, another exception occurred/;
const IGNORED =
  /^(?:Exception ignored (?:in|from|on)|Error in atexit\._run_exitfuncs|--- Logging error ---|Error in sys\.excepthook)/;
const NAMED = /^(?:[A-Za-z_][\w]{0,80}\.){0,8}[A-Za-z_]\w{0,100}(?:\([\w, .]{0,80}\))?(?:: ?.*)?$/;
const SUFFIXED =
  /(?:Error|Exception|Interrupt|Exit|Warning|Failure|Fault|Timeout|Iteration|NotFound|Denied|Conflict|Forbidden|Unauthorized|Exceeded|Unavailable|Exhausted|Exists|Group|error|exception|timeout)(?:\([\w, .]{0,80}\))?(?::|$)/;
/** What is never part of a message: an ending, or the words of what runs the program. */
const ENDS_MESSAGE =
  /^(?:Container (?:called|terminated)|Task \S+ failed|To find out more about why your job|Execution \S+ |(?:ERROR: )?build step \d|Finished Step|ERROR$|Error: (?:ErrImage|ImagePull)|exit(?:ed|ing)? |Process \S+ |\[?20\d\d-|-{20,}|={20,}|Killed$|Terminating |launch: )/;
/** Lines between the frames of one traceback that others wrote. */
const MOST_BETWEEN = 20;
const MOST_MESSAGE_LINES = 12;
const LIBRARY = /(?:site-packages|dist-packages|\/lib\/python\d|^<frozen|^<string>|\.pxi$|\.pyx$|importlib)/;

/** Whether `text` names an exception: by a word that ends like one, or a dotted name that begins with a capital. */
export function namesException(text: string): boolean {
  if (!NAMED.test(text)) return false;
  const name = text.split(':', 1)[0] ?? '';
  const last = name.slice(name.lastIndexOf('.') + 1);
  // What any tool writes in front of an error is no name of one.
  if (/^(?:error|exception|timeout|warning|failure|exit|fault)$/i.test(name)) return false;
  // `JobState.JOB_STATE_RUNNING` is a value.
  const isClass = name.includes('.') && /^[A-Z]/.test(last) && !/^[A-Z\d]+_[A-Z\d_]+$/.test(last);
  return isClass || SUFFIXED.test(`${name}:`);
}

/** The tracebacks of one stream, in order; `lines` are all of that stream. */
export function tracebacksIn(lines: readonly LogLine[]): Traceback[] {
  const found: Traceback[] = [];
  let ignored = false;
  let after: Traceback['after'] = null;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] as LogLine;
    if (IGNORED.test(line.text)) ignored = true;
    else if (CAUSE.test(line.text)) after = 'cause';
    else if (CONTEXT.test(line.text)) after = 'context';
    else if (HEADER.test(line.text)) {
      const { traceback, next } = readTraceback(lines, at, { after, ignored });
      found.push(traceback);
      at = next - 1;
      ignored = false;
      after = null;
    } else if (line.indent > 0 && HEADLESS.test(line.text)) {
      const { traceback, next } = readTraceback(lines, at, { after: null, ignored });
      // Without an exception it is a stack that somebody printed.
      if (traceback.message.length > 0) found.push(traceback);
      at = next - 1;
      ignored = false;
    }
  }
  return found;
}

/** `lines` without the tracebacks of what cleans up, with which a program may still be busy after its end. */
export function withoutIgnored(lines: readonly LogLine[]): LogLine[] {
  let ignored = false;
  return lines.filter((line) => {
    if (IGNORED.test(line.text)) ignored = true;
    const isPart = ignored;
    const isInside = IGNORED.test(line.text) || line.text === '' || line.indent > 0 || HEADER.test(line.text);
    if (!isInside) ignored = false;
    return !isPart || !(isInside || namesException(line.text));
  });
}

function readTraceback(
  lines: readonly LogLine[],
  begin: number,
  { after, ignored }: Pick<Traceback, 'after' | 'ignored'>,
): { traceback: Traceback; next: number } {
  const header = lines[begin] as LogLine;
  // Words before it, such as `Error running job: Traceback`, say nothing of how far the exception line is indented.
  const base = /^(?:(?:Original )?Traceback|File ")/.test(header.text) ? header.indent : 0;
  let frame = betterFrame(null, FRAME.exec(header.text));
  let between = 0;
  let last = begin;
  let message: LogLine[] = [];
  let at = begin + 1;
  for (; at < lines.length && between <= MOST_BETWEEN; at += 1) {
    const line = lines[at] as LogLine;
    if (line.text === '') continue;
    if (beginsAnother(line)) break;
    if (line.indent === 0 && ENDS_MESSAGE.test(line.text)) break;
    if (line.indent > base || BOX.test(line.text) || FRAME.test(line.text)) {
      frame = betterFrame(frame, FRAME.exec(line.text));
      last = at;
    } else if (isException(line, last > begin)) {
      message = messageFrom(lines, at);
      last = at;
      at += message.length;
      break;
    } else between += 1;
  }
  const end = lines[last] as LogLine;
  const traceback = { stream: header.stream, begin: header.at, end: end.at, message, frame, after, ignored };
  return { traceback, next: message.length > 0 ? at : last + 1 };
}

/** Whether a line belongs to no traceback that stands before it. */
function beginsAnother({ text }: LogLine): boolean {
  return HEADER.test(text) || CAUSE.test(text) || CONTEXT.test(text) || IGNORED.test(text);
}

/** Behind frames any name will do, for a class may be called anything; `step 10` is none. */
function isException({ text, level }: LogLine, behindFrames: boolean): boolean {
  if (namesException(text)) return true;
  if (!behindFrames || level === 'info' || level === 'warning') return false;
  return (
    /^[A-Z]\w{2,80}(?:: .*)?$/.test(text) &&
    !/^(?:Killed|Aborted|Terminated|Step|Epoch|Finished|Stop)\b/.test(text)
  );
}

function betterFrame(before: Frame | null, found: RegExpExecArray | null): Frame | null {
  if (!found) return before;
  const path = found[1] ?? found[3] ?? '';
  const isLibrary = LIBRARY.test(path);
  if (isLibrary && before) return before;
  return { file: path.slice(path.lastIndexOf('/') + 1), line: found[2] ?? found[4] ?? '' };
}

/** The line of an exception and those that may belong to its message: up to where something else begins. */
export function messageFrom(lines: readonly LogLine[], begin: number): LogLine[] {
  const message = [lines[begin] as LogLine];
  for (let at = begin + 1; at < lines.length && message.length < MOST_MESSAGE_LINES; at += 1) {
    const line = lines[at] as LogLine;
    if (beginsAnother(line)) break;
    if (line.level !== null && line.level !== (lines[begin] as LogLine).level) break;
    if (line.text !== '' && line.indent < (lines[begin] as LogLine).indent) break;
    if (FRAME.test(line.text) || ENDS_MESSAGE.test(line.text) || isProgress(line)) break;
    message.push(line);
  }
  return message;
}
