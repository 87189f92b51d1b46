import { ACCESS } from './access.ts';
import { BUILD, TESTS } from './build.ts';
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
  ...TESTS,
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

/** Words in quotes that are what a program works on: `label 'PERMISSION_DENIED'`, `Sample 3: "my pod was OOMKilled"`. */
const DATA =
  /\b(?:sample|example|text|prompt|title|caption|sentence|utterance|document|answer|question|query|input|output|label|class|category|token|word|tag|enum|generated|prediction|completion)s?(?: #?\d{1,9})?(?: is| was|:| =|=| ) ?(?:"[^"]{1,1000}"|'[^']{1,1000}'|`[^`]{1,1000}`)/gi;

/** A line of source code that a compiler shows. */
const SOURCE = /^\d{1,6} ?\| /;

/** The text with blanks in place of the data in it. */
function withoutData(text: string): string {
  if (SOURCE.test(text)) return '';
  return /["'`]/.test(text) ? text.replace(DATA, (data) => ' '.repeat(data.length)) : text;
}

const CONDITION = /\b(?:when(?:ever)?|if|in case|unless|whether|once|until)\b[^.;:]{0,80}$/i;

/** Whether what stands at a place would only come to pass if something else did. */
function isConditional(text: string, at: number): boolean {
  return CONDITION.test(text.slice(Math.max(0, at - 100), at));
}

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
    const said = withoutData(text);
    const marked = marker === OWN_PATTERNS.marker ? null : marker.exec(text);
    if (marked) return { match: { rule: OWN_MARKER, found: marked }, isNoise: false };
    for (const it of INDEX.foundIn(said)) {
      tried += text.length;
      const found = it.pattern.exec(said);
      if (!found || ('kind' in it && it.kind === 'verdict' && isConditional(said, found.index))) continue;
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
