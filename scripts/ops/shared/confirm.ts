import { createInterface } from 'node:readline/promises';
import { shell } from '../../shared/shell.ts';
import { note, oneLine, paintError } from '../../words/terminal.ts';
import { OpsProblem, usage } from './problem.ts';

/**
 * Lets a write through once it was named: at once, or where a person `mustAgree`, as to all that is written to a real
 * project, by `--yes` or by a `y` at the terminal. Throws when the answer is no, or there is no terminal to ask at.
 */
export async function confirmWrite(mustAgree: boolean, act: string, yes: boolean | undefined): Promise<void> {
  // Names of others may be in it.
  const what = oneLine(act);
  if (!mustAgree) return note(paintError.dim(what));
  if (yes) return note(paintError.yellow(what));
  requireSomebody(what);
  if (!/^y(es)?$/i.test(await answerTo(`${paintError.yellow(what)}. Go ahead? [y/N] `)))
    throw new OpsProblem('Nothing was written');
}

/** Throws where there is no terminal to ask at. */
export function requireSomebody(what: string): void {
  const { stdin, stderr } = shell();
  if (stdin.isTTY && stderr.isTTY) return;
  throw usage(`${oneLine(what)}: nobody is at the terminal to agree. Add --yes to go ahead`);
}

/** What is typed; nothing at Ctrl-C or Ctrl-D, at which a question of readline's would wait for ever. */
async function answerTo(question: string): Promise<string> {
  const { stdin, stderr } = shell();
  const terminal = createInterface({ input: stdin, output: stderr });
  const closed = new AbortController();
  terminal.once('close', () => closed.abort());
  try {
    return (await terminal.question(question, { signal: closed.signal })).trim();
  } catch (error) {
    if (!closed.signal.aborted) throw error;
    note('');
    return '';
  } finally {
    terminal.close();
  }
}
