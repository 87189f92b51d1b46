import type { LogLine } from './lines.ts';

/** What the JVM, Node and .NET print of an exception: its line, frames that begin with `at`, and on the JVM its causes. */
export interface Stack {
  stream: string;
  begin: number;
  end: number;
  /** The line that was printed first, and the cause below all others, which is the same where none is named. */
  top: LogLine;
  root: LogLine;
}

const FRAME =
  /^(?:at [\w$.<>[\]/@ ]{1,300}|at (?:async )?(?:file|node):\S{1,300}|\.\.\. \d{1,5} (?:more|common frames omitted|lines matching))/;
const CAUSED = /^Caused by: (?=\S)/;
const THROWN = /(?:Error|Exception|Throwable|Failure)(?: \[\w{1,80}\])?(?:: |$)|^(?:Uncaught|Unhandled)/;

/** The stacks of one stream, in order. */
export function stacksIn(lines: readonly LogLine[]): Stack[] {
  const stacks: Stack[] = [];
  for (let at = 1; at < lines.length; at += 1) {
    if (!FRAME.test(textAt(lines, at))) continue;
    const top = headOf(lines, at);
    if (!top) continue;
    let root = top;
    let end = at;
    for (let next = at + 1; next < lines.length; next += 1) {
      const line = lines[next] as LogLine;
      if (CAUSED.test(line.text)) root = { ...line, text: line.text.replace(CAUSED, '') };
      else if (!FRAME.test(line.text)) break;
      end = next;
    }
    stacks.push({ stream: top.stream, begin: top.at, end: (lines[end] as LogLine).at, top, root });
    at = end;
  }
  return stacks;
}

/** The line above the first frame that says what was thrown: its message may be longer than a line. */
function headOf(lines: readonly LogLine[], frame: number): LogLine | null {
  for (let at = frame - 1; at >= 0 && at >= frame - 4; at -= 1) {
    const line = lines[at] as LogLine;
    if (THROWN.test(line.text)) return line;
  }
  return null;
}

function textAt(lines: readonly LogLine[], at: number): string {
  return lines[at]?.text ?? '';
}
