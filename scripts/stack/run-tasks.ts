import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { answerInWords } from '../answer-words.ts';
import type { Tell } from './tell.ts';

const FINE = ['succeeded', 'partial', 'duplicate'];

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
    allFine &&= FINE.includes(answer.outcome ?? '');
    // A refusal does not name its task.
    const [first = '', ...rest] = answerInWords(answer);
    tell.line(`  ${answer.outcome === undefined ? `${task} ` : ''}${first}`);
    for (const line of rest) tell.line(line);
  }
  return allFine;
}

/** Not `fetch`, which gives up on an answer after 5 minutes: a run may take 9. */
async function post(url: string): Promise<{ outcome?: string; error?: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  request(url, { method: 'POST', agent: false }, (response) => text(response).then(resolve, reject))
    .on('error', reject)
    .end();
  const body = await promise;
  try {
    return JSON.parse(body);
  } catch {
    return { error: `The answer is not JSON: ${body.slice(0, 200)}` };
  }
}
