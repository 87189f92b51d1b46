import type { Ending } from '../model/run/ending.ts';
import type { AnswerOutcome } from '../model/run/outcomes.ts';
import type { NamedRun, Run, RunProblem, Summary, Trigger } from '../model/run/run.ts';

/** The answer to every delivery, however its run ended. */
export interface Answer {
  runId: string;
  task: string;
  outcome: AnswerOutcome;
  trigger: Trigger;
  attempt: number;
  dryRun: boolean;
  startedAt: Date;
  finishedAt: Date;
  durationMs: number;
  summary: Summary;
  problems: RunProblem[];
}

/** An answer, and what the HTTP layer has to do besides sending it. */
export interface Executed {
  answer: Answer;
  /** When to come back, for a delivery that found a live run. */
  retryAfterSeconds?: number;
  /** Nothing was claimed, because Firestore gave no answer: an unfenced run is worse than a late one. */
  unclaimed?: boolean;
  /** The task still runs although its signal was aborted: only the end of this process proves that it has stopped. */
  mustExit?: boolean;
}

/** The answer to the delivery whose attempt ended so. */
export function answerTo(
  { runId, task, trigger, dryRun }: NamedRun,
  { attempt, startedAt }: Pick<Answer, 'attempt' | 'startedAt'>,
  { outcome, endedAt, durationMs, summary, problems }: Ending & { outcome: AnswerOutcome },
): Answer {
  const finishedAt = endedAt;
  return {
    runId,
    task,
    outcome,
    trigger,
    attempt,
    dryRun,
    startedAt,
    finishedAt,
    durationMs,
    summary,
    problems,
  };
}

/** The answer to a delivery of a run that was done before: its first result, repeated. */
export function repeated(run: Run, now: Date): Answer {
  return {
    runId: run.runId,
    task: run.task,
    outcome: 'duplicate',
    trigger: run.trigger,
    attempt: run.attempt,
    dryRun: false,
    startedAt: run.startedAt,
    finishedAt: run.endedAt ?? now,
    durationMs: run.durationMs ?? 0,
    summary: run.summary,
    problems: run.problems,
  };
}
