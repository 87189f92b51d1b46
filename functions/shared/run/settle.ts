import { messageOf } from '../errors.ts';
import { stackOf } from '../log.ts';
import type { Outcome } from '../model/run/outcomes.ts';
import type { RunError, RunProblem, Summary } from '../model/run/run.ts';
import type { TaskResult } from './task.ts';

const MESSAGE_LENGTH = 2 * 1024;
const STACK_LENGTH = 16 * 1024;
const LIST_LENGTH = 100;
const SUMMARY_LENGTH = 256 * 1024;

/** How the work ended, before anything is written about it. */
export interface Settled {
  outcome: Extract<Outcome, 'succeeded' | 'partial' | 'failed' | 'timed-out'>;
  summary: Summary;
  problems: RunProblem[];
  error: RunError | null;
}

/** Settles what a task returned, cut to what a record can hold. */
export function settleResult(result: TaskResult): Settled {
  return {
    outcome: result.outcome,
    summary: plainSummary(result.summary),
    problems: (result.problems ?? []).slice(0, LIST_LENGTH),
    error: null,
  };
}

/** A summary as plain JSON values, of a size that a record can hold. */
function plainSummary(summary: Summary): Summary {
  const text = JSON.stringify(summary);
  return text.length <= SUMMARY_LENGTH ? JSON.parse(text) : { truncated: text.slice(0, MESSAGE_LENGTH) };
}

/** Settles what a task threw, or why it was given up on; cause and full stack are kept. */
export function settleError(error: unknown, outcome: 'failed' | 'timed-out'): Settled {
  const kept = runError(error);
  return { outcome, summary: {}, problems: [{ path: '', message: kept.message }], error: kept };
}

/** `error` in the form and size that a record holds. */
function runError(error: unknown): RunError {
  const name = error instanceof Error ? error.name : typeof error;
  const message = messageOf(error);
  return { name, message: message.slice(0, MESSAGE_LENGTH), stack: stackOf(error).slice(0, STACK_LENGTH) };
}
