import pc from 'picocolors';

/** How the stack talks to the person at the terminal. */
export interface Tell {
  /** A plain line. */
  line(text?: string): void;
  /** A line of the start-up: what, then what became of it. */
  step(name: string, text: string): void;
  /** Something the person should know; goes to standard error. */
  warn(text: string): void;
  /** Replaces the line before on a terminal; elsewhere only every fourth of the way is told. */
  progress(text: string, fraction: number): void;
}

/** Tells nothing: for tests and benches. */
export const quiet: Tell = { line() {}, step() {}, warn() {}, progress() {} };

/** Tells it on standard output. */
export function terminal(): Tell {
  let quarter = -1;
  return {
    line: (text = '') => console.log(text),
    step: (name, text) => console.log(`  ${pc.cyan(name.padEnd(10))} ${text}`),
    warn: (text) => console.error(`  ${pc.yellow('!')} ${text}`),
    progress(text, fraction) {
      if (process.stdout.isTTY) {
        process.stdout.write(`\r\x1b[K  ${text}${fraction >= 1 ? '\n' : ''}`);
        return;
      }
      const now = Math.floor(fraction * 4);
      if (now !== quarter) console.log(`  ${text}`);
      quarter = now;
    },
  };
}
