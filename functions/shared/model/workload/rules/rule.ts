/** What a reason is about. `unknown` is an honest answer. */
export const CATEGORIES = [
  'success',
  'own',
  'quota',
  'capacity',
  'permission',
  'image',
  'oom',
  'timeout',
  'preempted',
  'cancelled',
  'disk',
  'network',
  'config',
  'internal',
  'wandb',
  'python',
  'gpu',
  'build',
  'crash',
  'unknown',
] as const;
export type Category = (typeof CATEGORIES)[number];

/**
 * How much a line that matches says. A `verdict` is the platform's own last word. A `cause` ends a program wherever it stands;
 * what is an `exception` does so only where it was raised and never caught, for many catch it and try again. A `consequence` is
 * what others see when one has failed. A `step` is how a tool says that its step failed. A `pointer` says only where to look.
 */
export type Kind = 'verdict' | 'cause' | 'exception' | 'consequence' | 'step' | 'pointer';

/** A kind of statement, and what it means. */
export interface Rule {
  /** Stands in what is stored: once published, it keeps its meaning. */
  name: string;
  category: Category;
  kind: Kind;
  /** Matched against a line without its prefixes. Every repetition in it is bounded. */
  pattern: RegExp;
  /** Another line of the same category that says more goes before it. */
  vague?: true;
  /** Added in brackets, where the words alone leave open what it means. */
  hint?: string;
  /** What is shown; the line itself unless given. */
  says?(found: RegExpExecArray): string;
  /** A line that it is about, and one that looks like it and is about something else. */
  example: string;
  counterExample: string;
}
