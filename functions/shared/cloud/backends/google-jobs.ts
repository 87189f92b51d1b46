import { z } from 'zod';
import { SECOND_MS } from '../../dates.ts';
import { reasonOf } from '../../model/workload/reason.ts';
import { redact } from '../../model/workload/redact.ts';
import { plain } from '../rest/google-error.ts';
import type { ApiOptions } from '../rest/rest.ts';

/** What Google's backends have in common. */

/** A time in an answer. It is read by `timeAt` later, so that an unreadable one does not spoil the rest of the answer. */
export const time = z.unknown().optional();

/** The longest error that is kept of a job. */
const ERROR_LENGTH = 2_000;

/**
 * Why a job failed: its reason in one line where it is known, then what the platform says, then the entries of its log, oldest
 * first. Without credentials, and short enough to be stored; `null` where nobody says anything.
 */
export function whyFailed(said: string | undefined, log: readonly string[] = []): string | null {
  const words = [plain(said ?? '', ERROR_LENGTH), ...log.map((entry) => redact(plain(entry)))].filter(
    Boolean,
  );
  const { line, category } = reasonOf([...log, said ?? '']);
  const isTold = category !== 'unknown' && category !== 'success';
  const lines = isTold ? [line, ...words.filter((it) => it !== line)] : words;
  return lines.join('\n').slice(0, ERROR_LENGTH).toWellFormed() || null;
}

/** Limits retries to what fits into the time for one job: the sweep comes again soon. */
export function patiently(options: ApiOptions): ApiOptions {
  return { ...options, retry: { attempts: 3, attemptMs: 5 * SECOND_MS, ...options.retry } };
}
