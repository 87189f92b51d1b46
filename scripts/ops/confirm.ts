import { createInterface } from 'node:readline/promises';
import { OpsProblem, usage } from './problem.ts';
import { note, paintError } from './terminal.ts';

/**
 * Lets a write through once it was named: to an emulator at once, to a real project by `--yes` or by a `y` at the terminal.
 * Throws when the answer is no or nobody is there to give one.
 */
export async function confirmWrite(isReal: boolean, what: string, yes: boolean | undefined): Promise<void> {
  if (!isReal) return note(paintError.dim(what));
  if (yes) return note(paintError.yellow(what));
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw usage(`${what}: nobody is at the terminal to agree. Add --yes to go ahead`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${paintError.yellow(what)}. Go ahead? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new OpsProblem('Nothing was written');
  } finally {
    terminal.close();
  }
}
