/** A file of its own, without schemas: the command line names the outcomes in its help, which loads nothing else. */

/** How an attempt stands or ended; `running` only while its lease is held. */
export const OUTCOMES = [
  'running',
  'succeeded',
  'partial',
  'failed',
  'timed-out',
  'lost',
  'missed',
  'skipped',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What a caller is told: an outcome, or that this delivery repeats one that is done or under way. */
export type AnswerOutcome = Exclude<Outcome, 'running' | 'missed'> | 'duplicate';
