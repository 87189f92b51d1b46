import type { Rule } from './rule.ts';

/** What the wrapper around a launch agent says in its own words: it repeats what others said before. */
export const OWN: readonly Rule[] = [
  {
    name: 'runner-marker',
    category: 'own',
    kind: 'pointer',
    pattern: /FATAL ERROR DETECTED: (.{1,300})/,
    says: (found) => `Runner: ${found[1]}`,
    example: '🚨 FATAL ERROR DETECTED: Repeated failures in agent logs',
    counterExample: 'the words FATAL ERROR DETECTED are watched for',
  },
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
/** How many jobs it counted so far, such as `(Runs: 3)`. */
export const OWN_COUNTER = /\bRuns: (\d{1,9})\b/;
/** A launch that came to nothing, of an agent that went on. */
export const LAUNCH_FAILED = /launch: Error running job:/;
