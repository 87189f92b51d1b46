import { setTimeout as sleep } from 'node:timers/promises';
import { SECOND_MS } from '../../../functions/shared/dates.ts';
import { exitWith, shell } from '../../shared/shell.ts';
import { paint, print } from '../../words/terminal.ts';
import { EXIT, OpsProblem, usage } from './problem.ts';

const EVERY_MS = 5 * SECOND_MS;
const CLEAR = '\u001b[H\u001b[2J\u001b[3J';

/** The options of a command that can be watched. */
export interface WatchOptions {
  watch?: true;
  json?: true;
}

/**
 * Shows what `look` returns: once, or with `--watch` every five seconds until Ctrl-C, which then is no failure. A look that
 * gets no answer is shown as such, and the next one is tried all the same.
 */
export async function showOrWatch(
  { watch, json }: WatchOptions,
  look: () => Promise<string[]>,
): Promise<void> {
  if (!watch) return print(...(await look()));
  if (json) throw usage('Cannot use --json beside --watch: a program asks as often as it likes');
  const { stdout, listenForStop } = shell();
  const { signal } = listenForStop(() => undefined);
  while (!signal.aborted) {
    const lines = await look().catch((error: unknown) => {
      if (!(error instanceof OpsProblem) || error.exitCode !== EXIT.unreachable) throw error;
      return [paint.red(error.message)];
    });
    if (signal.aborted) break;
    if (stdout.isTTY) stdout.write(CLEAR);
    print(...lines, '', paint.dim(`every ${EVERY_MS / SECOND_MS} s; Ctrl-C ends it`));
    await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  exitWith(EXIT.fine);
}
