import type { Run } from '../../shared/model/run/run.ts';
import { whyPartial } from '../../shared/model/run/why-partial.ts';
import type { RunAnswer, RunLine } from '../api/schemas.ts';

const ERROR_LENGTH = 500;

/** A run as a line of a list. */
export function runLine(run: Run): RunLine {
  const { runId, task, trigger, whole, dryRun, attempt, outcome, durationMs } = run;
  return {
    runId,
    task,
    trigger,
    slot: run.slot?.toISOString() ?? null,
    whole,
    dryRun,
    attempt,
    outcome,
    startedAt: run.startedAt.toISOString(),
    endedAt: run.endedAt?.toISOString() ?? null,
    durationMs,
    error: errorOf(run),
    arrivedLate: run.arrivedLate ?? false,
    cause: run.cause ?? null,
  };
}

/** A run whole, but for the tokens of its lease: whoever holds one may write for the run. */
export function runAnswer(run: Run): RunAnswer {
  const { body, summary, problems, error, attempts, duplicates } = run;
  return {
    ...runLine(run),
    body: plain(body),
    leaseExpiresAt: run.leaseExpiresAt?.toISOString() ?? null,
    deadlineAt: run.deadlineAt?.toISOString() ?? null,
    summary: plain(summary),
    problems,
    failure: error,
    attempts: attempts.map((one) => ({
      attempt: one.attempt,
      startedAt: one.startedAt.toISOString(),
      endedAt: one.endedAt?.toISOString() ?? null,
      outcome: one.outcome,
      error: one.error,
    })),
    duplicates,
    expireAt: run.expireAt?.toISOString() ?? null,
  };
}

function errorOf(run: Run): string | null {
  if (run.error) return run.error.message.split('\n', 1)[0]?.slice(0, ERROR_LENGTH) ?? null;
  return run.outcome === 'partial' ? whyPartial(run) : null;
}

/** What a task stored, as JSON has it: integers beyond 2^53 as text. */
function plain(stored: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(
    JSON.stringify(stored, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  );
}
