import type { LogLine } from './lines.ts';

/** Signs that the work went on: what failed before them was no end. */

const COUNTED =
  /(?:^|[\s[({|,>])(?:global_?step|step|iter(?:ation)?|epoch|batch|shard|update|it)s?(?: ?[=:#] ?|[ [(]{1,2})\d/i;
const BAR = /\d{1,3}%\|/;
const RECOVERED = /\b(?:resolved after|resuming normal operation|reconnected|recovered)\b/i;
const DONE = /\b(?:succeeded|successfully)\b|^=+ \d{1,6} passed\b/i;
const NOT = /\b(?:not|un)/i;
/** A line that says what went wrong names a step, too. */
const WRONG =
  /error|fail|exception|\bnan\b|abort|kill|time[d ]{0,2}out|unable|cannot|denied|refused|interrupt|diverge|assert|\blost\b/i;
/** Also done when all is lost, and then it names a step. */
const SAVES = /\bsav(?:e|ed|ing)\b|emergency|\blast (?:complete )?checkpoint\b/i;
/** What a program says while it ends. */
const ENDING =
  /shut|clos|exit|clean|terminat|stop|finish|flush|upload|sync|teardown|tearing|destroy|final|summary|elapsed|total/i;

/** Whether a line can only have been written by work that goes on. */
export function isProgress({ text }: LogLine): boolean {
  if (text.length > 400 || SAVES.test(text)) return false;
  if (RECOVERED.test(text)) return !NOT.test(text);
  const isDone = DONE.test(text) && !NOT.test(text);
  return (isDone || BAR.test(text) || COUNTED.test(text)) && !WRONG.test(text);
}

/** Whether a line says that something was done, without being a sign that the work itself went on. */
export function isActivity(line: LogLine): boolean {
  return (
    isProgress(line) ||
    (line.level === 'info' && line.text !== '' && !WRONG.test(line.text) && !ENDING.test(line.text))
  );
}

/** Whether a line says neither that something went wrong nor that all is over. */
export function isOrdinary({ text, indent, level }: LogLine): boolean {
  const isQuiet = level !== 'error' && indent === 0 && /\p{L}{3}/u.test(text);
  return isQuiet && !WRONG.test(text) && !ENDING.test(text) && !SAVES.test(text);
}
