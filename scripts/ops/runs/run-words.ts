import type { Attempt, Run } from '../../../functions/shared/model/run/run.ts';
import { answerInWords } from '../../words/answer.ts';
import { type Entry, entriesInWords, lineWidth } from '../../words/entries.ts';
import { duration, relative, stamp } from '../../words/figures.ts';
import { outcomeWord } from '../../words/outcomes.ts';
import { whyPartial } from '../../words/partial.ts';
import { firstLine, oneLine, paint } from '../../words/terminal.ts';

/** A run whole: what it was, what it did in words, what was wrong, and the stack of its error. */
export function runInWords(run: Run, now: Date): string[] {
  const { runId, outcome, durationMs, attempts, error } = run;
  return [
    `${paint.bold(runId)}  ${outcomeWord(outcome)}`,
    '',
    ...entriesInWords(entriesOf(run, now), lineWidth()),
    '',
    ...answerInWords({ ...run, durationMs: durationMs ?? undefined }),
    ...(attempts.length > 1 ? ['', 'Attempts', ...attempts.map(attemptInWords)] : []),
    ...(error ? ['', paint.red(`${error.name}: ${error.message}`), ...stackOf(error.stack)] : []),
  ];
}

function entriesOf(run: Run, now: Date): Entry[] {
  const { trigger, slot, startedAt, endedAt, durationMs, body, dryRun, whole, duplicates, cause, expireAt } =
    run;
  const facts: [label: string, text: string | null][] = [
    ['Trigger', [trigger, ...(dryRun ? ['dry run'] : []), ...(whole ? [] : ['of a part'])].join(', ')],
    ['Slot', slot && stamp(slot)],
    ['Started', `${stamp(startedAt)}, ${relative(startedAt, now)}${run.arrivedLate ? ', late' : ''}`],
    ['Ended', endedAt && `${stamp(endedAt)}, after ${duration(durationMs)}`],
    ['Deadline', run.deadlineAt && stamp(run.deadlineAt)],
    ['Lease', run.leaseExpiresAt && `until ${stamp(run.leaseExpiresAt)}`],
    ['Asked for', Object.keys(body).length > 0 ? oneLine(JSON.stringify(body)) : null],
    ['Cause', cause ?? null],
    ['Partial', run.outcome === 'partial' ? whyPartial(run) : null],
    ['Repeats', duplicates > 0 ? String(duplicates) : null],
    ['Kept until', expireAt && stamp(expireAt)],
  ];
  return facts.flatMap(([label, text]) => (text === null ? [] : [{ label, lines: [text] }]));
}

function attemptInWords({ attempt, startedAt, endedAt, outcome, error }: Attempt): string {
  const end = endedAt ? `to ${stamp(endedAt)}` : 'goes on';
  const why = error ? `: ${firstLine(error.message)}` : '';
  return `  ${attempt}  ${stamp(startedAt)} ${end}  ${outcomeWord(outcome)}${why}`;
}

/** The lines below the message, which is printed already. */
function stackOf(stack: string): string[] {
  return stack
    .split('\n')
    .filter((line) => /^\s+at |^\s*caused by/i.test(line))
    .map((line) => paint.dim(`  ${oneLine(line)}`));
}
