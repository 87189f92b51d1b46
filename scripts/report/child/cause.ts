import type { Cause, End, EndState } from '../outbox/report.ts';

/** How a process came to its end, and what is known around it. */
export interface Death {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  /** How many processes the kernel has killed for memory since the start. */
  oomKills: number;
  /** The first of the signals that ask to stop which has come to us. */
  asked: NodeJS.Signals | undefined;
  /** The machine was taken away. */
  isPreempted: boolean;
  /** It ran past its limit, and we ended it. */
  isTimedOut: boolean;
  /** Its record has ended or somebody asked for a stop, and we ended it. */
  isCalledOff: boolean;
}

/** Nothing around it is known. */
export const UNASKED = {
  oomKills: 0,
  asked: undefined,
  isPreempted: false,
  isTimedOut: false,
  isCalledOff: false,
};

/** Why it died: the first that is proven, from the most to the least particular. */
export function causeOf({
  exitCode,
  signal,
  oomKills,
  asked,
  isPreempted,
  isTimedOut,
  isCalledOff,
}: Death): Cause {
  if (exitCode === 0) return 'exit';
  if (isTimedOut) return 'timed-out';
  if (oomKills > 0 && (signal === 'SIGKILL' || exitCode === 137)) return 'oom';
  if (asked === 'SIGTERM' && isPreempted) return 'preempted';
  if (asked || isCalledOff) return 'stopped';
  return signal ? 'signal' : 'exit';
}

/** The end that is reported; `words` are the job's last ones, where there are any. */
export function endOf(death: Death, words: string | undefined, mayRetry: boolean): End {
  const state = stateOf(death);
  const { exitCode, signal } = death;
  const bare = signal ? `killed by ${signal}` : `exit code ${exitCode}`;
  return {
    state,
    exitCode,
    signal,
    cause: causeOf(death),
    error: state === 'completed' ? null : words || bare,
    final: !(mayRetry && state === 'failed'),
  };
}

/** A person's Ctrl-C and a stop that was asked for cancel a job; a platform's SIGTERM makes it fail. */
function stateOf({ exitCode, asked, isCalledOff }: Death): EndState {
  if (exitCode === 0) return 'completed';
  return isCalledOff || asked === 'SIGINT' || asked === 'SIGQUIT' ? 'cancelled' : 'failed';
}
