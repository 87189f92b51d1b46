import { z } from 'zod';
import { SECOND_MS } from '../../dates.ts';
import { plain } from '../rest/google-error.ts';
import type { ApiOptions } from '../rest/rest.ts';

/** What Google's backends have in common. */

/** A time in an answer. It is read by `timeAt` later, so that an unreadable one does not spoil the rest of the answer. */
export const time = z.unknown().optional();

/** The longest error that is kept of a job. */
export const ERROR_LENGTH = 2_000;

/** Returns the text of an error on one line and short enough to be stored; `null` for none. */
export function errorOf(text: string | undefined): string | null {
  return plain(text ?? '', ERROR_LENGTH) || null;
}

/** Limits retries to what fits into the time for one job: the sweep comes again soon. */
export function patiently(options: ApiOptions): ApiOptions {
  return { ...options, retry: { attempts: 3, attemptMs: 5 * SECOND_MS, ...options.retry } };
}
