import { exitWith } from '../../shared/shell.ts';
import { answerInWords, isGood } from '../../words/answer.ts';
import { print, printJson } from '../../words/terminal.ts';
import { confirmWrite } from './confirm.ts';
import type { FunctionPlace } from './function-place.ts';
import { callFunction, readAnswer } from './post.ts';
import { EXIT, type ExitCode } from './problem.ts';

/** The options of every command that calls a function. */
export interface CallOptions {
  url?: string;
  json?: true;
  yes?: true;
}

/** Lets a call through that writes, as `confirmWrite` does. */
export async function confirmCall(
  { isReal, words }: FunctionPlace,
  what: string,
  yes: true | undefined,
): Promise<void> {
  await confirmWrite(isReal, `${what}, in ${words}`, yes);
}

/** The answer of the function to `body`. */
export async function call(
  { url }: Pick<FunctionPlace, 'url'>,
  body: Record<string, unknown>,
  meanwhile: <T>(work: Promise<T>) => Promise<T>,
): Promise<Record<string, unknown>> {
  return readAnswer(url, await meanwhile(callFunction(url, JSON.stringify(body))));
}

/** Prints an answer; a bad one sets the exit code. */
export function printAnswer(answer: Record<string, unknown>, { json }: { json?: true | undefined }): void {
  if (json) printJson(answer);
  else print(...answerInWords(answer));
  exitWith(exitCodeOf(answer));
}

/** What an answer means for the caller; one without an outcome is of a function that did not run. */
export function exitCodeOf({ outcome, problems }: Record<string, unknown>): ExitCode {
  if (isGood(outcome)) return EXIT.fine;
  // A refusal names its problems; an answer without either comes from what lies before the function.
  return typeof outcome === 'string' || Array.isArray(problems) ? EXIT.wrong : EXIT.unreachable;
}
