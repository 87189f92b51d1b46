import type { LogLine } from './log/lines.ts';
import { isActivity, isOrdinary, isProgress } from './log/progress.ts';
import type { Reader } from './rules/all.ts';

/** Signs that the work went on: none, one, or more. */
export type Recovery = 0 | 1 | 2;

/** What a stream says behind a line of the work that went on. */
export interface Signs {
  /** How many signs that only work which goes on can give. */
  strict(at: number): Recovery;
  /** How many signs that something was done. */
  any(at: number): Recovery;
  /** Where the first ordinary line stands, which is less than a sign; `null` for nowhere. */
  ordinary(at: number): number | null;
}

/** `lines` are all of one stream; those that are `taken` belong to tracebacks. */
export function signsOf(lines: readonly LogLine[], taken: ReadonlySet<number>, read: Reader): Signs {
  const strict = lines.filter(isProgress);
  const any = lines.filter(isActivity);
  const first = new Map<string, number>();
  // A bar that is drawn once more, as it stood, shows nothing new.
  for (const { text, at } of any.toReversed()) first.set(stateOf(text), at);
  const count = (signs: readonly LogLine[], at: number) => {
    const behind = new Set<string>();
    for (let each = signs.length - 1; each >= 0 && behind.size < 2; each -= 1) {
      const sign = signs[each] as LogLine;
      if (sign.at <= at) break;
      const state = stateOf(sign.text);
      if ((first.get(state) ?? 0) > at) behind.add(state);
    }
    return Math.min(behind.size, 2) as Recovery;
  };
  const ordinary = lines.filter((line) => {
    if (taken.has(line.at) || !isOrdinary(line)) return false;
    const { isNoise, match } = read(line.text);
    return !isNoise && !match;
  });
  return {
    strict: (at) => count(strict, at),
    any: (at) => count(any, at),
    ordinary: (at) => ordinary.find((line) => line.at > at)?.at ?? null,
  };
}

/** What a line says without how long a bar took. */
function stateOf(text: string): string {
  return text.includes('%|') ? (text.split('[', 1)[0] ?? text) : text;
}
