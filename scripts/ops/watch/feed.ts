import { setTimeout as sleep } from 'node:timers/promises';
import { withDeadline } from '../../../functions/shared/concurrency.ts';
import { DeadlineExceeded, messageOf } from '../../../functions/shared/errors.ts';
import { firstLine } from '../../words/terminal.ts';
import { EXIT, OpsProblem } from '../shared/problem.ts';

/** What was read last, and why it is not newer. */
export interface Reading<T> {
  /** `undefined` before the first answer; stays while nothing answers. */
  value: T | undefined;
  readAt: Date | null;
  /** Since when each reading failed, and how the last one did. */
  failing: { since: Date; why: string; isSilent: boolean } | null;
}

/** How something is read again and again. */
export interface FeedTools<T> {
  what: string;
  /** Reads it; given what was read before. */
  read(before: T | undefined): Promise<T>;
  /** A reading without an answer for so long is given up on, and not waited for. */
  limitMs: number;
  everyMs: number;
  now(): Date;
}

export const NOTHING_READ = { value: undefined, readAt: null, failing: null };

/** A reading after `before`. Never rejects, and takes at most `limitMs`, whatever hangs. */
export async function readOnce<T>(before: Reading<T>, tools: FeedTools<T>): Promise<Reading<T>> {
  const { what, read, limitMs, now } = tools;
  const askedAt = now();
  try {
    const value = await withDeadline(read(before.value), limitMs, `reading ${what}`);
    return { value, readAt: now(), failing: null };
  } catch (error) {
    const why = firstLine(messageOf(error));
    // What answers, and cannot be read, is no silence.
    const isSilent =
      error instanceof DeadlineExceeded ||
      (error instanceof OpsProblem && error.exitCode === EXIT.unreachable);
    return { ...before, failing: { since: before.failing?.since ?? askedAt, why, isSilent } };
  }
}

/** Reads until `signal` aborts, and hands over what each reading came to. */
export async function follow<T>(
  tools: FeedTools<T>,
  signal: AbortSignal,
  onRead: (reading: Reading<T>) => void,
): Promise<void> {
  let reading: Reading<T> = NOTHING_READ;
  while (!signal.aborted) {
    reading = await readOnce(reading, tools);
    if (signal.aborted) return;
    onRead(reading);
    await sleep(tools.everyMs, undefined, { signal }).catch(() => undefined);
  }
}
