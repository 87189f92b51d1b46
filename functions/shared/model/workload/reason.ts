import { type Candidate, candidatesIn, type Found, isSpecific } from './candidates.ts';
import { type LogLine, logLines } from './log/lines.ts';
import { isProgress } from './log/progress.ts';
import { redact } from './redact.ts';
import { lineReader, type Reader } from './rules/all.ts';
import { LAUNCH_FAILED, OWN_COUNTER, OWN_REPEAT_BEGINS, OWN_REPEAT_ENDS } from './rules/own.ts';
import type { Category } from './rules/rule.ts';
import { LONGEST_SHOWN, shorten } from './shorten.ts';

/** Why a workload or a job ended, in one line. */
export interface Reason {
  /** At most 160 characters, without secrets; never empty. */
  line: string;
  category: Category;
  /** What it was found by. */
  rule: string;
  /** What else the log says, most telling first: at most three lines like `line`. */
  also: string[];
}

/** What a long line says without: where an exception is defined, and what a request went to. */
const MODULE = /^(?:[a-z_]\w{0,60}\.){1,8}(?=[A-Z])/;
const REQUEST = /\b(GET|POST|PUT|PATCH|DELETE|HEAD) [\w.-]{1,100}\/[^\s:]{1,300}/;
const MOST_ALSO = 3;
const MOST_CLEANED = 800;
const EXIT =
  /Container called exit\((\d{1,3})\)|(?:exit(?:ed)?|exitcode|returned)(?: with)?(?: a)?(?: non-zero)?(?: exit)?(?: code| status)?(?: of)?[ :=(]{1,4}(\d{1,3})\b/i;
const ATTEMPT_ENDS = /^Container (?:called exit\(\d{1,3}\)|terminated on signal \d)/;
const FAILING_STEP = /build step (\d{1,4}) "[^"]{0,200}" failed/;
const DONE = /^(?:DONE|SUCCESS|JOB_STATE_SUCCEEDED|BUILD SUCCESS)$|\bcompleted successfully\b/;
const TELLS_FAILURE =
  /\b(?:failed|failure|fatal|error|cannot|could not|unable to|not found|denied|refused|rejected|aborted|invalid)\b/i;
const SAYS_ERROR =
  /^(?:\S{1,60}: )?(?:error|fatal|failed|failure|critical)\b[: ]|^(?:could not|cannot|unable to|failed to) /i;

/**
 * The reason in the end of a log, oldest entry first; each entry is a line, or several. Never throws, takes time for the last
 * 1,000 lines at most, and calls `unknown` what it does not know.
 */
export function reasonOf(entries: readonly string[]): Reason {
  const lines = logLines(entries);
  const read = lineReader();
  // From the end, for that is where a reason stands, and patience is limited.
  for (const { text } of lines.toReversed()) read(text);
  const repeats = repeatsIn(lines);
  const once = lines.filter((line) => !repeats.has(line));
  const attempt = lastAttempt(once, read);
  const found = judge(attempt, read);
  if (isTold(found))
    return attempt === once ? found : withEarlier(found, judge(once.slice(0, -attempt.length), read));
  const whole = attempt === once ? found : judge(once, read);
  if (isTold(whole) || once.length === lines.length) return whole;
  // The cause itself was cut off, and only the copy of it is left.
  const uncovered = lines.map((line) => ({ ...line, text: line.text.replace(/^► ?\d{0,6}:?/, '') }));
  const copied = judge(uncovered, read);
  return isTold(copied) ? copied : whole;
}

function isTold({ category }: Reason): boolean {
  return category !== 'unknown' && category !== 'own';
}

/** What the wrapper prints a second time. */
function repeatsIn(lines: readonly LogLine[]): ReadonlySet<LogLine> {
  let isRepeat = false;
  return new Set(
    lines.filter(({ text }) => {
      if (OWN_REPEAT_BEGINS.test(text)) isRepeat = true;
      else if (OWN_REPEAT_ENDS.test(text)) isRepeat = false;
      return isRepeat || text.startsWith('►');
    }),
  );
}

/** The lines of the last attempt: all of them, unless an earlier one ended and something began behind it. */
function lastAttempt(lines: readonly LogLine[], read: Reader): readonly LogLine[] {
  const isWork = ({ text }: LogLine) => {
    if (text === '' || ATTEMPT_ENDS.test(text)) return false;
    const { isNoise, match } = read(text);
    return !isNoise && !match;
  };
  const last = lines.findLastIndex(isWork);
  const end = lines.findLastIndex(({ text }, at) => at < last && ATTEMPT_ENDS.test(text));
  // A platform says more of an end in the lines behind it, and those are no work.
  const isLater = end >= 0 && lines.slice(end + 1).filter(isWork).length > 1;
  return isLater ? lines.slice(end + 1) : lines;
}

function withEarlier(reason: Reason, earlier: Reason): Reason {
  if (!isTold(earlier) || earlier.line === reason.line) return reason;
  return {
    ...reason,
    also: [shorten(`first failed with ${earlier.line}`), ...reason.also].slice(0, MOST_ALSO),
  };
}

function judge(lines: readonly LogLine[], read: Reader): Reason {
  const found = candidatesIn(ofFailingStep(lines), read);
  const exit = exitIn(lines);
  const success = successIn(lines, found, exit);
  if (success) return success;
  const chosen = choose(found.candidates);
  if (chosen) return reasonFrom(chosen, found.candidates);
  return unknownReason(lines, found, exit, read);
}

/** Of a build whose failing step is named, what other steps said has no part in it. */
function ofFailingStep(lines: readonly LogLine[]): readonly LogLine[] {
  const named = lines.findLast(({ text }) => FAILING_STEP.test(text));
  const [, number] = FAILING_STEP.exec(named?.text ?? '') ?? [];
  if (number === undefined) return lines;
  const own = lines.filter(({ stream }) => !/^Step #\d/.test(stream) || stream.split(/[ #]/)[2] === number);
  return own.some(({ stream }) => stream !== '') ? own : lines;
}

/** What is said to have been the reason. The order is that of how much each kind proves. */
function choose(all: readonly Candidate[]): Candidate | null {
  const candidates = all.filter(({ kind }) => kind !== 'pointer');
  const standing = candidates.filter(({ recovered, weak }) => recovered === 0 && !weak);
  const causes = standing.filter(
    ({ kind }) => kind === 'cause' || kind === 'exception' || kind === 'traceback',
  );
  const step = (those: readonly Candidate[]) => those.filter(({ kind }) => kind === 'step');
  return (
    standing.find(({ kind, vague }) => kind === 'verdict' && !vague) ??
    firstToFail(causes) ??
    standing.find(({ kind }) => kind === 'verdict') ??
    clearest(step(standing)) ??
    candidates.findLast(({ raised, recovered, weak }) => raised && recovered === 1 && !weak) ??
    clearest(standing.filter(({ kind }) => kind === 'consequence')) ??
    clearest(candidates.filter(({ kind, recovered }) => kind === 'consequence' && recovered === 0)) ??
    candidates.findLast(({ weak, recovered }) => weak && recovered === 0) ??
    null
  );
}

function clearest(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.find(({ vague }) => !vague) ?? candidates[0];
}

/** Of several ranks the one that failed first: the others die of that, and often louder. */
function firstToFail(candidates: readonly Candidate[]): Candidate | undefined {
  const streams = [...Map.groupBy(candidates, ({ stream }) => stream).values()];
  return streams
    .map((own) => causeOf(own))
    .filter((cause) => cause !== undefined)
    .sort((a, b) => a.at - b.at)[0];
}

/** Of what one program said, whatever says more than that it ended; else what it ended by, which is the last. */
function causeOf(own: readonly Candidate[]): Candidate | undefined {
  const special = own.filter(isSpecific);
  const ended = own.filter((it) => !isSpecific(it));
  const certain = special.filter(({ vague, raised, kind }) => raised || (!vague && kind === 'cause'));
  return (
    certain.find(({ vague, kind }) => !vague && kind === 'cause') ??
    clearest(certain) ??
    ended.findLast(({ raised }) => raised) ??
    clearest(ended) ??
    special[0]
  );
}

function reasonFrom(chosen: Candidate, all: readonly Candidate[]): Reason {
  const { category, rule } = chosen;
  const same = all.filter((it) => it.rule === rule && alike(it.text) === alike(chosen.text));
  const ranks = new Set(same.map(({ stream }) => stream)).size;
  const extra = [
    chosen.hint,
    chosen.frame && !isSpecific(chosen) ? `${chosen.frame.file}:${chosen.frame.line}` : null,
    chosen.stream.startsWith('Step #') ? chosen.stream : null,
    ranks > 1 && !chosen.stream.startsWith('Step #') ? `on ${ranks} ranks` : null,
  ].filter((it) => it !== null);
  const behind = extra.map((it) => ` (${it})`).join('');
  const caused = chosen.causedBy ? `, caused by ${shorten(clean(chosen.causedBy), 70)}` : '';
  const room = LONGEST_SHOWN - behind.length - caused.length;
  return { line: `${shown(chosen, room)}${behind}${caused}`, category, rule, also: alsoSaid(chosen, all) };
}

/** The words of a candidate; of a long line, those that the rule is about. */
function shown({ text, focus: [from, to] }: Candidate, room: number): string {
  const whole = clean(text);
  if (whole.length <= room) return whole;
  const compact = whole.replace(MODULE, '').replace(REQUEST, '$1');
  const cut = shorten(compact, room, from === 0 ? to - whole.length + compact.length : 0);
  if (from === 0 || cut.includes(clean(text.slice(from, to)))) return cut;
  // From where the rule is about it on, or, where little follows, a bit before.
  const begin = text.lastIndexOf(' ', Math.min(from, text.length - room)) + 1;
  return shorten(clean(text.slice(begin)).replace(REQUEST, '$1'), room, to - begin);
}

/** A text without secrets, of which no more is looked at than could be shown. */
function clean(text: string): string {
  const cut = text.length > MOST_CLEANED ? text.slice(0, text.lastIndexOf(' ', MOST_CLEANED) + 1) : text;
  return shorten(redact(cut || '[a long word]'), MOST_CLEANED);
}

function alsoSaid(chosen: Candidate, all: readonly Candidate[]): string[] {
  const seen = new Set([alike(chosen.text)]);
  const others = all.filter(({ kind, recovered }) => kind !== 'pointer' && recovered < 2);
  const told = others.filter(({ text }) => !seen.has(alike(text)) && seen.add(alike(text)));
  return told.slice(0, MOST_ALSO).map((it) => shown(it, LONGEST_SHOWN));
}

/** The text without what differs from rank to rank. */
function alike(text: string): string {
  return text.replace(/0x[\da-f]+|\d+/gi, '#').slice(0, LONGEST_SHOWN);
}

/** A run that ended well: by the runner's own counter, or by an exit of 0. */
function successIn(lines: readonly LogLine[], { candidates }: Found, exit: number | null): Reason | null {
  const counts = lines.flatMap(({ text }) => OWN_COUNTER.exec(text)?.[1] ?? []).map(Number);
  const isStopped = lines.some(({ text }) => /FATAL ERROR DETECTED|Killing agent/.test(text));
  const isEnded = candidates.some(({ kind, weak }) => kind === 'verdict' && !weak);
  const counted = lines.findLast(({ text }) => OWN_COUNTER.test(text));
  const isLauncher = lines.some(({ text }) => LAUNCH_FAILED.test(text));
  const isRaised = candidates.some(
    ({ raised, recovered, at }) => raised && recovered === 0 && at > (counted?.at ?? 0),
  );
  if (isRaised && !isLauncher) return null;
  if ((exit !== null && exit !== 0) || isStopped || isEnded) return null;
  if (counts.length > 0) return completed(Math.max(...counts), lines, candidates);
  const failed = candidates.some(
    ({ recovered, weak, kind }) => recovered === 0 && !weak && kind !== 'pointer',
  );
  const done = lines.findLast(({ text }) => DONE.test(text) && !/\b(?:not|un)/i.test(text));
  if (failed || (exit === null && !done)) return null;
  return { line: done ? shorten(clean(done.text)) : 'exit 0', category: 'success', rule: 'exit-0', also: [] };
}

function completed(count: number, lines: readonly LogLine[], candidates: readonly Candidate[]): Reason {
  const jobs = `Completed: ${count} ${count === 1 ? 'job' : 'jobs'}`;
  const failures = lines.filter(({ text }) => LAUNCH_FAILED.test(text)).length;
  const cause = choose(candidates.map((it) => ({ ...it, recovered: 0 })));
  if (failures === 0) return { line: jobs, category: 'success', rule: 'runner-counter', also: [] };
  const why = cause ? `: ${reasonFrom(cause, candidates).line}` : '';
  const line = shorten(`${jobs}, ${failures} ${failures === 1 ? 'launch' : 'launches'} failed${why}`);
  return { line, category: 'success', rule: 'runner-counter', also: [] };
}

/** What sounds most like an error: by its first word, by its level, or by any word. */
function errorIn(said: readonly LogLine[]): LogLine | undefined {
  const still = said.filter((line) => !isProgress(line));
  const loud = still.filter(({ level }) => level === 'error');
  return (
    still.findLast(({ text }) => SAYS_ERROR.test(text)) ??
    // Where most lines have it, as all that Vertex AI reads from stderr, the level says nothing.
    (loud.length * 2 <= said.length || loud.length === 1 ? loud.at(-1) : undefined) ??
    still.findLast(({ text }) => TELLS_FAILURE.test(text))
  );
}

function exitIn(lines: readonly LogLine[]): number | null {
  const said = lines.findLast(({ text }) => EXIT.test(text));
  const [, called, other] = EXIT.exec(said?.text ?? '') ?? [];
  const code = called ?? other;
  return code === undefined ? null : Number(code);
}

/** What can be said where nothing is known: where it broke off, what points somewhere, what was said last. */
function unknownReason(lines: readonly LogLine[], found: Found, exit: number | null, read: Reader): Reason {
  const ended = exit === null ? 'no exit code' : `exit ${exit}`;
  const said = lines.filter(
    ({ text }) =>
      text !== '' && !read(text).isNoise && !read(text).match && !EXIT.test(text) && text !== 'ERROR',
  );
  const last = said.at(-1);
  const also = last ? [shorten(`last said: ${clean(last.text)}`)] : [];
  const unknown = (line: string, rule: string): Reason => ({
    line: shorten(clean(line)),
    category: 'unknown',
    rule,
    also,
  });
  if (found.cutOff) {
    const at = found.cutOff.frame ? ` at ${found.cutOff.frame.file}:${found.cutOff.frame.line}` : '';
    return unknown(`${ended}; traceback cut off${at}`, 'traceback-cut-off');
  }
  const pointers = found.candidates.filter(({ kind }) => kind === 'pointer');
  const told = clearest(pointers.filter(({ category }) => !['unknown', 'build'].includes(category)));
  if (told) return { ...reasonFrom(told, []), also };
  const error = errorIn(said);
  // What the step said that failed is why the build failed, whatever the words.
  const isBuild = pointers.some(({ category }) => category === 'build');
  if (error) return { ...unknown(error.text, 'last-error'), category: isBuild ? 'build' : 'unknown' };
  const pointer = pointers[0];
  if (pointer) return { ...reasonFrom(pointer, []), also };
  return said.length === 0
    ? unknown(`${ended}, no output`, 'no-output')
    : unknown(`${ended}, no reason in the log`, 'exit');
}
