import { shell } from '../../shared/shell.ts';
import { duration } from '../../words/figures.ts';

const EVERY_MS = 1_000;
const ERASE_LINE = '\r\u001b[K';

/** Resolves like `work`, and says at a terminal what is waited for, and for how long already. */
export async function whileSaying<T>(what: string, work: Promise<T>): Promise<T> {
  const { stderr } = shell();
  if (!stderr.isTTY) return work;
  const started = performance.now();
  const say = () => stderr.write(`${ERASE_LINE}${what}, ${duration(performance.now() - started)}`);
  const timer = setInterval(say, EVERY_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    stderr.write(ERASE_LINE);
  }
}
