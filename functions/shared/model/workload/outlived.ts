import { type Candidate, isSpecific } from './candidates.ts';

/** What a program met and survived: something else ended it. */

/**
 * What others raise that wait for one that has failed, or what is missing because of it: no proof that what was said before was
 * survived.
 */
const AFTERMATH =
  /^(?:[\w.]{1,80}\.)?(?:EOFError|BrokenPipeError|ConnectionResetError|Empty|CancelledError|TimeoutError|InvalidStateError|BrokenExecutor|SystemExit|Exit)\b|\b(?:workers?|child(?:ren)?|process(?:es)?|ranks?|peers?|replicas?|actors?|nodes?|tasks?|jobs?|runs?|trials?|training|steps?|subprocess|command)\b.{0,60}\b(?:fail(?:ed|ure)?|died|dead|lost|gone|exit(?:ed)?|abort(?:ed)?|terminated|crash(?:ed)?|killed|unsuccessful)\b|\bfailed to (?:run|start|train|launch)\b|\bnon-zero\b|\bafter (?:interpreter )?shutdown\b|^Fatal Python error: Aborted|\breceived SIGTERM\b/i;
const MISSING = /^(?:[\w.]{1,80}\.)?FileNotFoundError\b/;

/** Whether a text says only that something has failed before. */
export function isAftermath(text: string): boolean {
  return AFTERMATH.test(text);
}

/**
 * Whether `end` shows that its stream went on after `it` and was ended by something else: one program dies by one exception
 * alone, so that another, which does not belong to its chain, was caught.
 */
export function outlives(end: Candidate, it: Candidate): boolean {
  if (end.stream !== it.stream || end.at <= it.at || it.kind === 'consequence') return false;
  if (end.kind === 'step') return !end.vague && it.vague && it.kind === 'exception' && !it.raised;
  if (!isEnd(end, it) || end.recovered > 0) return false;
  const wentOn = it.wentOnAt !== null && it.wentOnAt < end.at;
  if (!it.trace) return wentOn && !MISSING.test(end.text);
  const isSame = end.rule === it.rule && !isSpecific(it);
  return !isSame && (wentOn || !isSpecific(end));
}

/** Whether `end` is by what a program itself was ended: a panic needs no traceback to show that an exception was caught. */
function isEnd(end: Candidate, it: Candidate): boolean {
  if (end.trace && end.kind !== 'consequence' && !isAftermath(end.text)) return true;
  return it.trace && end.category === 'crash' && end.kind === 'cause';
}
