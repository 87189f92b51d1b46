import type { Output } from '../../shared/shell.ts';

/** Another screen than the one with the scrollback, no cursor, and nothing that is too wide goes on in the next line. */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const REST_OF_LINE = '\u001b[K';
const REST_OF_SCREEN = '\u001b[J';

/** What a terminal that does not tell its size is taken for. */
const USUAL = { columns: 80, rows: 24 };

/** How much a terminal shows. */
export interface Size {
  columns: number;
  rows: number;
}

/** A terminal that is painted over and over, in place. */
export interface Screen {
  size(): Size;
  /** Paints lines that fit; in one write, and without clearing first, so that nothing flickers. */
  paint(lines: readonly string[]): void;
  /** Gives the terminal back as it was; more than once does no harm. */
  close(): void;
}

/** Takes over the terminal behind `output`; whatever ends the process gives it back. */
export function openScreen(output: Output): Screen {
  let isOpen = true;
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    process.off('exit', close).off('SIGTSTP', suspend).off('SIGCONT', resume);
    output.write(LEAVE);
  };
  // Ctrl-Z: the shell gets its terminal back meanwhile.
  const suspend = () => {
    output.write(LEAVE);
    process.kill(process.pid, 'SIGSTOP');
  };
  const resume = () => {
    if (isOpen) output.write(ENTER);
  };
  process.once('exit', close).on('SIGTSTP', suspend).on('SIGCONT', resume);
  output.write(ENTER);
  return {
    size: () => ({ columns: output.columns || USUAL.columns, rows: output.rows || USUAL.rows }),
    paint(lines) {
      if (!isOpen) return;
      // Erased before it is written: behind a line that fills the terminal its last character would go.
      const text = lines.map(
        (line, index) => (lines[index + 1] === undefined ? REST_OF_SCREEN : REST_OF_LINE) + line,
      );
      // Back at the top, what is typed scrolls nothing.
      output.write(`${HOME}${text.join('\r\n')}${HOME}`);
    },
    close,
  };
}
