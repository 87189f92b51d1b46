import { UpstreamError } from '../../errors.ts';
import { refusal } from '../rest/answer.ts';
import { type GoogleError, readGoogleError } from '../rest/google-error.ts';
import type { Answer } from '../rest/transport.ts';
import type { BatchCall } from './batch.ts';

/** One generation of an object. Google writes its number as text. */
export interface Generation {
  name: string;
  generation: string;
}

/** The result for one object. */
export interface ItemResult<Result extends string> extends Generation {
  /** `failed`: refused for good, or in every try. `untried`: the signal or the deadline came before the first try. */
  result: Result | 'failed' | 'untried';
  /** Why, in words; null where the result says it all. */
  detail: string | null;
  /** The generation that the call made, where it makes one. */
  made?: string | undefined;
}

/** A call that is made for each of many objects, and how its answers are judged. */
export interface ObjectCall<Item extends Generation, Result extends string> {
  /** The vendor's name of the method. */
  operation: string;
  permission: string;
  callOf(bucket: string, item: Item): BatchCall;
  /** The result of a success. */
  done: Result;
  /** Reads the generation that was made out of the answer to a success. */
  madeIn?(text: string): string;
  /**
   * Returns the result of a refusal that is no failure, and `undefined` for one that is. `unsure` is how an earlier try
   * failed that may have done the work all the same.
   */
  settle(status: number, said: GoogleError, unsure: string | undefined): Settled<Result> | undefined;
}

export interface Settled<Result extends string> {
  result: Result;
  detail: string | null;
  made?: string | undefined;
}

/** The verdict on an answer: a result, another try, or the end of all calls. */
export type Verdict<Result extends string> =
  | { settled: Settled<Result | 'failed'> }
  | { again: UpstreamError }
  | { denied: UpstreamError };

/** Judges the answer for one object, which `where` describes in words. Where there is no answer, it is tried again. */
export function verdictOn<Item extends Generation, Result extends string>(
  { permission, done, madeIn, settle }: ObjectCall<Item, Result>,
  answer: Answer | undefined,
  { where, unsure }: { where: string; unsure: string | undefined },
): Verdict<Result> {
  if (!answer)
    return {
      again: new UpstreamError(`Cannot read ${where}: no answer to it in the batch`, { retryable: true }),
    };
  const { status, text } = answer;
  if (status >= 200 && status <= 299)
    return { settled: { result: done, detail: null, ...(madeIn && { made: madeIn(text) }) } };
  const error = refusal(where, answer, permission);
  if (error.retryable) return { again: error };
  const said = readGoogleError(text);
  const settled = settle(status, said, unsure);
  if (settled) return { settled };
  // A missing permission refuses every object alike.
  if (status === 403 && !said.held) return { denied: error };
  return { settled: { result: 'failed', detail: error.message } };
}

/** Whether a try that failed like this may have done its work all the same: no answer, a timeout, an error of the server. */
export function mayHaveWorked({ status }: UpstreamError): boolean {
  return status === null || status === 408 || status >= 500;
}

/** Returns path and query of a call for a generation in the JSON API. */
export function targetOf(
  bucket: string,
  { name, generation }: Generation,
  { method = '', query }: { method?: string; query: Record<string, string> },
): string {
  const asked = new URLSearchParams({ generation, ...query });
  return `/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(name)}${method}?${asked}`;
}
