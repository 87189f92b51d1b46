import { UpstreamError } from '../../errors.ts';
import { refusal } from '../rest/answer.ts';
import { type GoogleError, readGoogleError } from '../rest/google-error.ts';
import type { Answer } from '../rest/transport.ts';
import type { BatchCall } from './batch.ts';

/** A generation of an object, the text of a number as Google tells it. */
export interface Generation {
  name: string;
  generation: string;
}

/** What has become of one object. */
export interface ItemResult<Result extends string> extends Generation {
  /** `failed`: refused for good, or by every try. `untried`: the signal or the end of the time came before the first one. */
  result: Result | 'failed' | 'untried';
  /** Why, in words; null where there is nothing to say. */
  detail: string | null;
  /** The generation that the call made, where it makes one. */
  made?: string | undefined;
}

/** A call that is made for each of many objects, and what its answers mean. */
export interface ObjectCall<Item extends Generation, Result extends string> {
  /** The vendor's name of the method. */
  operation: string;
  permission: string;
  callOf(bucket: string, item: Item): BatchCall;
  /** What a success comes to. */
  done: Result;
  /** The generation that a success has made, by its answer. */
  madeIn?(text: string): string;
  /** What a refusal comes to that is no failure. `unsure` tells of an earlier try that may have done the work. */
  settle(status: number, said: GoogleError, unsure: string | undefined): Settled<Result> | undefined;
}

export interface Settled<Result extends string> {
  result: Result;
  detail: string | null;
  made?: string | undefined;
}

/** What an answer to such a call comes to: a result, another try, or the end of all calls. */
export type Verdict<Result extends string> =
  | { settled: Settled<Result | 'failed'> }
  | { again: UpstreamError }
  | { denied: UpstreamError };

/** The verdict on the answer to the call for one object, `where` in words; no answer asks for another try. */
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
  // What one account may not do to one object it may do to none.
  if (status === 403 && !said.held) return { denied: error };
  return { settled: { result: 'failed', detail: error.message } };
}

/** Whether a try that failed so may have done its work all the same: only who says "too many" has done nothing. */
export function mayHaveWorked({ status }: UpstreamError): boolean {
  return status === null || status === 408 || status >= 500;
}

/** Where a generation is in the JSON API, with what the call asks besides. */
export function targetOf(
  bucket: string,
  { name, generation }: Generation,
  { method = '', query }: { method?: string; query: Record<string, string> },
): string {
  const asked = new URLSearchParams({ generation, ...query });
  return `/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(name)}${method}?${asked}`;
}
