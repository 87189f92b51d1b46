import type { Candidate, Found } from './candidates.ts';
import { choose, clearest } from './choose.ts';
import type { LogLine } from './log/lines.ts';
import { isProgress } from './log/progress.ts';
import { isAftermath } from './outlived.ts';
import type { Reader } from './rules/all.ts';
import { LAUNCH_FAILED, OWN_STOPPED, type OwnPatterns } from './rules/own.ts';
import { shorten } from './shorten.ts';
import { clean, type Reason, reasonFrom } from './tell.ts';

/** What is told of a log in which nothing stands that could be a cause: that it went well, or what there is. */

const EXIT =
  /Container called exit\((\d{1,3})\)|(?:exit(?:ed)?|exitcode|returned(?= (?:a )?(?:non-zero|exit)))(?: with)?(?: a)?(?: non-zero)?(?: exit)?(?: code| status)?(?: of)?[ :=(]{1,4}(\d{1,3})\b/i;
const DONE =
  /^(?:DONE|SUCCESS|JOB_STATE_SUCCEEDED|BUILD SUCCESS)$|\bcompleted successfully\b|\bsuccessfully completed\b|\(success\)\.?$|\brun completed\b|^Successfully tagged /;
const TELLS_FAILURE =
  /\b(?:failed|failure|fatal|error|cannot|could not|unable to|not found|denied|refused|rejected|refusing|aborted|invalid|abnormal|diverged|mismatch)\b/i;
const SAYS_ERROR =
  /^(?:[{[ ]{1,4})?(?:\S{1,60}: )?(?:error|fatal|failed|failure|critical)\b[: ]|^(?:could not|cannot|unable to|failed to) /i;

/** A run that ended well: by the runner's own counter, or by an exit of 0. */
export function successIn(
  lines: readonly LogLine[],
  { candidates }: Found,
  exit: number | null,
  { marker, counter }: OwnPatterns,
): Reason | null {
  const counts = lines.flatMap(({ text }) => counter.exec(text)?.[1] ?? []).map(Number);
  const isStopped = lines.some(({ text }) => OWN_STOPPED.test(text) || marker.test(text));
  const isEnded = candidates.some(({ kind, weak }) => kind === 'verdict' && !weak);
  const counted = lines.findLast(({ text }) => counter.test(text));
  const isLauncher = lines.some(({ text }) => LAUNCH_FAILED.test(text));
  const isRaised = candidates.some(
    ({ raised, recovered, at, wentOnAt }) =>
      raised && recovered === 0 && at > (counted?.at ?? 0) && (exit !== 0 || wentOnAt === null),
  );
  if (isRaised && !isLauncher) return null;
  if ((exit !== null && exit !== 0) || isStopped || isEnded) return null;
  if (counts.length > 0) return completed(Math.max(...counts), lines, candidates);
  const failed = candidates.some(
    ({ recovered, weak, kind, wentOnAt }) =>
      recovered === 0 && !weak && kind !== 'pointer' && (exit !== 0 || wentOnAt === null),
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

/** What sounds most like an error: by its first word, or by its level. */
function loudIn(said: readonly LogLine[]): LogLine | undefined {
  const loud = said.filter(({ level }) => level === 'error');
  return (
    said.findLast(({ text, level }) => SAYS_ERROR.test(text) && level !== 'warning' && level !== 'info') ??
    // Where most lines have it, as all that Vertex AI reads from stderr, the level says nothing.
    (loud.length * 2 <= said.length || loud.length === 1 ? loud.at(-1) : undefined)
  );
}

/** What no rule knows: neither noise, nor an exit, nor a sign of work. */
function unknownIn(lines: readonly LogLine[], read: Reader): LogLine[] {
  return lines.filter((line) => {
    if (line.text === '' || line.text === 'ERROR' || EXIT.test(line.text)) return false;
    const { isNoise, match } = read(line.text);
    return !isNoise && !match;
  });
}

/** Whether something that no rule knows was called an error behind a line, and not only what came of it. */
export function isLoudBehind(at: number, lines: readonly LogLine[], read: Reader): boolean {
  const behind = lines.filter((line) => line.at > at && !isProgress(line));
  const loud = loudIn(unknownIn(behind, read));
  return loud !== undefined && !isAftermath(loud.text);
}

/** What a step itself said, of which its tool only says that it failed; `null` where it said nothing. */
export function ofStep(lines: readonly LogLine[], read: Reader): Reason | null {
  const error = loudIn(unknownIn(lines, read).filter((line) => !isProgress(line)));
  if (!error) return null;
  return { line: shorten(clean(error.text)), category: 'build', rule: 'last-error', also: [] };
}

/** The last exit code that is named; `null` for none. */
export function exitIn(lines: readonly LogLine[]): number | null {
  const said = lines.findLast(({ text }) => EXIT.test(text));
  const [, called, other] = EXIT.exec(said?.text ?? '') ?? [];
  const code = called ?? other;
  return code === undefined ? null : Number(code);
}

/** What can be said where nothing is known: where it broke off, what points somewhere, what was said last. */
export function unknownReason(
  lines: readonly LogLine[],
  found: Found,
  exit: number | null,
  read: Reader,
): Reason {
  const ended = exit === null ? 'no exit code' : `exit ${exit}`;
  const said = unknownIn(lines, read);
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
  const still = said.filter((line) => !isProgress(line));
  const error = loudIn(still) ?? still.findLast(({ text }) => TELLS_FAILURE.test(text));
  // What the step said that failed is why the build failed, whatever the words.
  const isBuild = pointers.some(({ category }) => category === 'build');
  if (error) return { ...unknown(error.text, 'last-error'), category: isBuild ? 'build' : 'unknown' };
  const pointer = pointers.find(({ rule }) => rule === 'wrapped') ?? pointers[0];
  if (pointer) return { ...reasonFrom(pointer, []), also };
  return said.length === 0
    ? unknown(`${ended}, no output`, 'no-output')
    : unknown(`${ended}, no reason in the log`, 'exit');
}
