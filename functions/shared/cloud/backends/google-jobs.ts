import { z } from 'zod';
import { SECOND_MS } from '../../dates.ts';
import { plain } from '../rest/google-error.ts';
import type { ApiOptions } from '../rest/rest.ts';

/** What the Google backends have in common. */

/** A time of an answer, read by `timeAt` later: one that cannot be read costs nothing else. */
export const time = z.unknown().optional();

/** The longest error that is kept of a job. */
export const ERROR_LENGTH = 2_000;

/** A text that a backend gives for an error, fit to be kept; `null` for none. */
export function errorOf(text: string | undefined): string | null {
  return plain(text ?? '', ERROR_LENGTH) || null;
}

/** So few and short tries as fit into the time for one job; the sweep comes again soon. */
export function patiently(options: ApiOptions): ApiOptions {
  return { ...options, retry: { attempts: 3, attemptMs: 5 * SECOND_MS, ...options.retry } };
}
