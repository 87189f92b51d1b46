import { ACCESS } from './access.ts';
import { BUILD } from './build.ts';
import { CONFIG, WANDB, WANDB_ANSWERS, WANDB_PASSES_ON } from './config.ts';
import { COLLECTIVE, GPU } from './gpu.ts';
import { MEMORY } from './memory.ts';
import { NETWORK } from './network.ts';
import { NOISE, type Noise } from './noise.ts';
import { OWN, OWN_MARKER, OWN_PATTERNS, type OwnPatterns } from './own.ts';
import { KILLED, PLATFORM, POINTERS } from './platform.ts';
import { PROGRAMS } from './programs.ts';
import type { Rule } from './rule.ts';
import { wordIndex, wordsOf } from './words.ts';

/** Every rule. Of several that a line fits, the first one counts: what is special stands before what is general. */
export const RULES: readonly Rule[] = [
  ...OWN,
  ...COLLECTIVE,
  ...PLATFORM,
  ...MEMORY,
  ...KILLED,
  ...GPU,
  ...WANDB,
  ...WANDB_ANSWERS,
  ...ACCESS,
  ...CONFIG,
  ...WANDB_PASSES_ON,
  ...NETWORK,
  ...BUILD,
  ...PROGRAMS,
  ...POINTERS,
];

/** A rule that a line fits, and where. */
export interface Match {
  rule: Rule;
  found: RegExpExecArray;
}

/** What the rules say of a line. */
export interface Meaning {
  /** The first rule that it fits; `null` for none. */
  match: Match | null;
  /** It is never an answer, whatever words it holds. */
  isNoise: boolean;
}

/** Characters of one log that patterns are tried on: much more than any log needs, and soon done with. */
const MOST_TRIED = 300_000;

const INDEX = wordIndex<Rule | Noise>([...NOISE, ...RULES].map((it) => [it, wordsOf(it.pattern)]));
const NOTHING: Meaning = { match: null, isNoise: false };

/** Says what a line of one log means; equal lines are looked at once. */
export type Reader = (text: string) => Meaning;

/** A reader of one log. What is read first has the better chance: hostile text ends all patience. */
export function lineReader({ marker }: Pick<OwnPatterns, 'marker'> = OWN_PATTERNS): Reader {
  const known = new Map<string, Meaning>();
  let tried = 0;
  return (text) => {
    const before = known.get(text);
    if (before) return before;
    if (tried > MOST_TRIED) return NOTHING;
    const meaning = { match: null as Match | null, isNoise: false };
    const marked = marker === OWN_PATTERNS.marker ? null : marker.exec(text);
    if (marked) return { match: { rule: OWN_MARKER, found: marked }, isNoise: false };
    for (const it of INDEX.foundIn(text)) {
      tried += text.length;
      const found = it.pattern.exec(text);
      if (!found) continue;
      if ('kind' in it) {
        meaning.match = { rule: it, found };
        break;
      }
      meaning.isNoise = true;
    }
    known.set(text, meaning);
    return meaning;
  };
}
