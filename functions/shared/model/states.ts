/** What a job can be, in our words. A status that nobody mapped is `unknown`: reported, never guessed. */
export const JOB_STATES = ['queued', 'running', 'completed', 'failed', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** The states of a job that has not ended. */
export const ACTIVE_STATES = ['queued', 'running'] as const satisfies readonly JobState[];

/** The states of a job that has ended; nothing leaves them. */
export const TERMINAL_STATES = ['completed', 'failed', 'cancelled'] as const satisfies readonly JobState[];
export type TerminalState = (typeof TERMINAL_STATES)[number];
