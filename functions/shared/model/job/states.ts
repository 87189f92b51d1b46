/** The states of a job, in our words. A status without a mapping is `unknown`: reported, never guessed. */
export const JOB_STATES = ['queued', 'running', 'suspended', 'completed', 'failed', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** The states of a job that has not ended. A suspended job was stopped on purpose: its silence proves nothing. */
export const ACTIVE_STATES = ['queued', 'running', 'suspended'] as const satisfies readonly JobState[];

/** The states of a job that has ended. A job never leaves them. */
export const TERMINAL_STATES = ['completed', 'failed', 'cancelled'] as const satisfies readonly JobState[];
export type TerminalState = (typeof TERMINAL_STATES)[number];
