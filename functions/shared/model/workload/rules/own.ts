import type { Rule } from './rule.ts';

/** The words of the wrapper around a launch agent that are its author's own choice. */
export interface OwnWords {
  /** Stands before why it stopped the agent. */
  marker: string;
  /** Stands before the number of jobs that were run so far, as in `(Runs: 3)`. */
  counter: string;
}

export const OWN_WORDS: OwnWords = { marker: 'FATAL ERROR DETECTED:', counter: 'Runs:' };

/** How such words are found, with what follows them. */
export interface OwnPatterns {
  marker: RegExp;
  counter: RegExp;
}

export function ownPatterns({ marker, counter }: OwnWords): OwnPatterns {
  return {
    marker: new RegExp(`${literal(marker)} {0,4}(.{1,300})`),
    counter: new RegExp(`${/^\w/.test(counter) ? '\\b' : ''}${literal(counter)} {0,4}(\\d{1,9})\\b`),
  };
}

/** Words as a pattern that fits nothing else. */
function literal(words: string): string {
  return words.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

export const OWN_PATTERNS = ownPatterns(OWN_WORDS);

/** What it says before why it stopped the agent: it repeats what others said. */
export const OWN_MARKER: Rule = {
  name: 'runner-marker',
  category: 'own',
  kind: 'pointer',
  pattern: /FATAL ERROR DETECTED: (.{1,300})/,
  says: (found) => `Runner: ${found[1]}`,
  example: '🚨 FATAL ERROR DETECTED: Repeated failures in agent logs',
  counterExample: 'the words FATAL ERROR DETECTED are watched for',
};

/** What the wrapper says in its own words. */
export const OWN: readonly Rule[] = [
  OWN_MARKER,
  {
    name: 'runner-kill',
    category: 'own',
    kind: 'pointer',
    vague: true,
    pattern: /Killing agent \(PID: \d{1,9}\) - (.{1,300})/,
    says: (found) => `Runner: ${found[1]}`,
    example: '❌ Killing agent (PID: 14) - quota limit reached',
    counterExample: 'W&B agent started (PID: 14)',
  },
];

/** Behind this the wrapper prints once more what stood before. */
export const OWN_REPEAT_BEGINS = /Full Log Context|All occurrences of pattern/;
export const OWN_REPEAT_ENDS = /Killing agent|Final runner stats/;
/** It stopped the agent itself. */
export const OWN_STOPPED = /FATAL ERROR DETECTED|Killing agent/;
/** A launch that came to nothing, of an agent that went on. */
export const LAUNCH_FAILED = /launch: Error running job:/;
