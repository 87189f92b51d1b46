import { answerInWords, isGood } from '../answer-words.ts';
import { ask } from '../ask.ts';
import type { Tell } from './tell.ts';

/** Runs each task once, one after the other, and tells what each did; whether all of them did what they should. */
export async function runTasks(
  gatewayUrl: string,
  tasks: string[],
  tell: Tell,
  signal: AbortSignal,
): Promise<boolean> {
  let allFine = true;
  for (const task of tasks) {
    const answer = await post(`${gatewayUrl}/${task}`);
    // What a function answers while it is being stopped is no news.
    signal.throwIfAborted();
    allFine &&= isGood(answer.outcome);
    // A refusal does not name its task.
    const [first = '', ...rest] = answerInWords(answer);
    tell.line(`  ${answer.outcome === undefined ? `${task} ` : ''}${first}`);
    for (const line of rest) tell.line(line);
  }
  return allFine;
}

async function post(url: string): Promise<{ outcome?: string; error?: string }> {
  const { text } = await ask(url);
  try {
    return JSON.parse(text);
  } catch {
    return { error: `The answer is not JSON: ${text.slice(0, 200)}` };
  }
}
