import { setTimeout as sleep } from 'node:timers/promises';
import { retryAfterMs } from '../../../functions/shared/cloud/rest/retry.ts';
import { type Day, SECOND_MS } from '../../../functions/shared/dates.ts';
import type { Reply } from '../../shared/ask.ts';
import { fieldsOf } from '../../shared/objects.ts';
import { inWords } from '../../words/plain.ts';
import { firstLine } from '../../words/terminal.ts';
import { callFunction, NoAnswer, parseAnswer, readAnswer } from '../shared/post.ts';
import { OpsProblem } from '../shared/problem.ts';
import { type InVain, newPatience } from './patience.ts';
import type { DayResult } from './record.ts';

/** Where no instance is free and nothing says when one will be. */
const USUAL_WAIT_MS = 30 * SECOND_MS;
const PROBLEMS_KEPT = 3;

/**
 * Calls the function for one day until it is collected, as long as there is patience. Throws OpsProblem when that was in
 * vain, and when the function refuses; rejects with an AbortError when `signal` aborts during a wait, never during a call.
 */
export async function collectDay(
  date: Day,
  url: URL,
  { signal, onWait }: { signal: AbortSignal; onWait(why: string): void },
): Promise<DayResult> {
  const patience = newPatience();
  for (;;) {
    const called = await call(date, url);
    if ('result' in called) return called.result;
    const verdict = patience(called);
    if ('givenUp' in verdict) throw new OpsProblem(`Cannot collect ${date}: ${verdict.givenUp}`);
    onWait(verdict.why);
    await sleep(verdict.pauseMs, undefined, { signal });
  }
}

async function call(date: Day, url: URL): Promise<{ result: DayResult } | InVain> {
  let reply: Reply;
  try {
    reply = await callFunction(url, JSON.stringify({ date }));
  } catch (error) {
    if (error instanceof NoAnswer) return { failure: error.message };
    throw error;
  }
  const { status, headers } = reply;
  const waitMs = retryAfterMs(headers['retry-after'] ?? null, new Date());
  if (status === 409 && waitMs !== null) return { busyMs: waitMs };
  // Not of the function, but of what lies before it: no instance is free.
  if (status === 429) return { busyMs: waitMs ?? USUAL_WAIT_MS };
  if (status === 409 || status >= 500) return { failure: failureOf(reply) };
  const answer = readAnswer(url, reply);
  if (status !== 200) throw new OpsProblem(`Cannot collect ${date}: ${failureOf(reply)}`);
  const problems = problemsOf(answer);
  const { daysCollected, daysChanged, daysFinal, conflicts } = fieldsOf(answer.summary);
  if (!(Number(daysCollected) > 0))
    return { failure: `the run left the day out: ${problems[0] ?? 'it does not say why'}` };
  return {
    result: {
      changed: Number(daysChanged) > 0,
      final: Number(daysFinal) > 0,
      conflict: Array.isArray(conflicts) && conflicts.includes(date),
      problems:
        answer.outcome === 'partial'
          ? problems.length > 0
            ? problems.slice(0, PROBLEMS_KEPT)
            : ['partial']
          : [],
    },
  };
}

function failureOf({ status, text }: Reply): string {
  const answer = parseAnswer(text);
  const said = answer ? (problemsOf(answer)[0] ?? inWords(answer.error)) : firstLine(text);
  return `HTTP ${status}${said ? `, ${said}` : ''}`;
}

function problemsOf({ problems }: Record<string, unknown>): string[] {
  return (Array.isArray(problems) ? problems.map(fieldsOf) : []).map(({ path, message, expected }) =>
    firstLine(`${path ? `${path}: ` : ''}${message}${expected ? `; expected ${expected}` : ''}`),
  );
}
