import { type Candidate, candidatesIn } from './candidates.ts';
import { choose } from './choose.ts';
import { type LogLine, logLines } from './log/lines.ts';
import { isOrdinary } from './log/progress.ts';
import { withoutIgnored } from './log/traceback.ts';
import { lineReader, type Reader } from './rules/all.ts';
import { OWN_PATTERNS, OWN_REPEAT_BEGINS, OWN_REPEAT_ENDS, type OwnPatterns } from './rules/own.ts';
import { shorten } from './shorten.ts';
import { MOST_ALSO, type Reason, reasonFrom } from './tell.ts';
import { exitIn, isLoudBehind, ofStep, successIn, unknownReason } from './without-cause.ts';

export type { Reason } from './tell.ts';

const ATTEMPT_ENDS = /^Container (?:called exit\(\d{1,3}\)|terminated on signal \d)/;
/** More of them than any platform tries are not told apart. */
const MOST_ATTEMPTS = 12;
/** What pytest shows of tests that failed, the logs of what they tried out among it, and where it sums up. */
const TESTS_BEGIN = /^=+ FAILURES =+$/;
const TESTS_END = /^=+ short test summary info =+$/;
const FAILING_STEP = /build step (\d{1,4}) "[^"]{0,200}" failed/;

/**
 * The reason in the end of a log, oldest entry first; each entry is a line, or several. Never throws, takes time for the last
 * 1,000 lines at most, and calls `unknown` what it does not know. `own` are the words of the wrapper around a runner. Of what is
 * known to have `failed`, nothing in its log says that it went well.
 */
export function reasonOf(
  entries: readonly string[],
  own: OwnPatterns = OWN_PATTERNS,
  { failed = false }: { failed?: boolean } = {},
): Reason {
  const lines = logLines(entries);
  const read = lineReader(own);
  const judge = (those: readonly LogLine[]) => judgeLines(those, read, own, failed);
  // From the end, for that is where a reason stands, and patience is limited.
  for (const { text } of lines.toReversed()) read(text);
  const repeats = repeatsIn(lines);
  const once = lines.filter((line) => !repeats.has(line));
  const attempts = attemptsIn(once, read);
  // The last one that says anything: behind its end there may be words of what cleans up.
  for (let begin = once.length; attempts.length > 1; ) {
    const attempt = attempts.pop() ?? [];
    begin -= attempt.length;
    const found = judge(attempt);
    if (isTold(found)) return withEarlier(found, judge(once.slice(0, begin)));
  }
  const whole = judge(once);
  if (isTold(whole) || once.length === lines.length) return whole;
  // The cause itself was cut off, and only the copy of it is left.
  const uncovered = lines.map((line) => ({ ...line, text: line.text.replace(/^► ?\d{0,6}:?/, '') }));
  const copied = judge(uncovered);
  return isTold(copied) ? copied : whole;
}

function isTold({ category }: Reason): boolean {
  return category !== 'unknown' && category !== 'own';
}

/** What the wrapper prints a second time, and what tests say that are summed up behind. */
function repeatsIn(lines: readonly LogLine[]): ReadonlySet<LogLine> {
  const summaryAt = lines.findLastIndex(({ text }) => TESTS_END.test(text));
  let isRepeat = false;
  let isTest = false;
  return new Set(
    lines.filter(({ text }, at) => {
      if (OWN_REPEAT_BEGINS.test(text)) isRepeat = true;
      else if (OWN_REPEAT_ENDS.test(text)) isRepeat = false;
      if (TESTS_BEGIN.test(text)) isTest = at < summaryAt;
      else if (TESTS_END.test(text)) isTest = false;
      return isRepeat || isTest || text.startsWith('►');
    }),
  );
}

/** The lines of each attempt: one ends where something began behind its end. */
function attemptsIn(lines: readonly LogLine[], read: Reader): (readonly LogLine[])[] {
  const isWork = ({ text }: LogLine) => {
    if (text === '' || ATTEMPT_ENDS.test(text)) return false;
    const { isNoise, match } = read(text);
    return !isNoise && !match;
  };
  const work = new Set(withoutIgnored(lines).filter(isWork));
  const attempts: (readonly LogLine[])[] = [];
  let rest = lines;
  let behind = 0;
  for (const [at, line] of [...lines.entries()].reverse()) {
    if (attempts.length === MOST_ATTEMPTS) break;
    if (work.has(line)) behind += 1;
    // A platform says more of an end in the lines behind it, and those are no work.
    if (behind < 2 || !ATTEMPT_ENDS.test(line.text)) continue;
    attempts.unshift(rest.slice(at + 1));
    rest = rest.slice(0, at + 1);
    behind = 0;
  }
  return [rest, ...attempts];
}

function withEarlier(reason: Reason, earlier: Reason): Reason {
  if (!isTold(earlier) || earlier.line === reason.line) return reason;
  return {
    ...reason,
    also: [shorten(`first failed with ${earlier.line}`), ...reason.also].slice(0, MOST_ALSO),
  };
}

function judgeLines(lines: readonly LogLine[], read: Reader, words: OwnPatterns, failed: boolean): Reason {
  const own = ofFailingStep(lines);
  const found = candidatesIn(own, read);
  const exit = exitIn(lines);
  const success = failed ? null : successIn(lines, found, exit, words);
  if (success) return success;
  const chosen = choose(found.candidates);
  const said = chosen?.kind === 'step' && chosen.vague ? ofStep(own, read) : null;
  if (said) return said;
  if (chosen && holds(chosen, own, read)) return reasonFrom(chosen, found.candidates);
  return unknownReason(lines, found, exit, read);
}

/** Whether what stands behind a candidate leaves it the reason. */
function holds(chosen: Candidate, lines: readonly LogLine[], read: Reader): boolean {
  if (isSurvived(chosen) && !lines.some(({ text }) => FAILING_STEP.test(text))) return false;
  return !isDoubtful(chosen, lines) || !isLoudBehind(chosen.wentOnAt ?? chosen.at, lines, read);
}

/** What any program may meet and try again, so that it is no reason once something else was said. A build stops at its errors. */
function isSurvived({ kind, category, raised, wentOnAt }: Candidate): boolean {
  const isCommon = kind === 'exception' && (category === 'network' || category === 'quota');
  return isCommon && !raised && wentOnAt !== null;
}

/** What was only warned of, tried again or followed by other things explains no error that came after it. */
function isDoubtful({ at, kind, weak, raised, wentOnAt }: Candidate, lines: readonly LogLine[]): boolean {
  if (weak) return true;
  if (wentOnAt === null || (kind !== 'exception' && kind !== 'traceback')) return false;
  // Lines without a level may belong to the message of what was raised.
  return !raised || lines.some((line) => line.at > at && line.level === 'info' && isOrdinary(line));
}

/** Of a build whose failing step is named, what other steps said has no part in it. */
function ofFailingStep(lines: readonly LogLine[]): readonly LogLine[] {
  const named = lines.findLast(({ text }) => FAILING_STEP.test(text));
  const [, number] = FAILING_STEP.exec(named?.text ?? '') ?? [];
  if (number === undefined) return lines;
  const own = lines.filter(({ stream }) => !/^Step #\d/.test(stream) || stream.split(/[ #]/)[2] === number);
  return own.some(({ stream }) => stream !== '') ? own : lines;
}
