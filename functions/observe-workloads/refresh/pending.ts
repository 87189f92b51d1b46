import type { CallLimits } from '../../shared/cloud/workloads/table-reader.ts';
import { DeadlineExceeded, UpstreamError } from '../../shared/errors.ts';
import type { PendingCall } from '../../shared/model/workload/refresh.ts';

/** The calls of a refresh, by name while they are pending. */

/** What a call is for. */
export type CallName = Pick<PendingCall, 'table' | 'operation' | 'region'>;
/** Told how far the call has come. */
export type OnStage = NonNullable<CallLimits['onStage']>;

export interface CallBook {
  /** Makes a call, and names it until it settles. Rejects as it does, or with GivenUp where nothing came in its time. */
  follow<T>(name: CallName, call: (onStage: OnStage) => Promise<T>): Promise<T>;
  /** Those that have not settled. */
  pending(): PendingCall[];
  /** How many were made, and how many have settled. */
  counts(): { asked: number; answered: number };
  /** Those that were given up on. */
  hung(): PendingCall[];
}

/** A call was given up on; the message says at which stage. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp';
}

/** More are not named. */
const MOST_HUNG = 20;

export function callBook(now: () => Date): CallBook {
  const pending = new Set<PendingCall>();
  const hung: PendingCall[] = [];
  let asked = 0;

  return {
    async follow({ table, operation, region }, call) {
      const entry: PendingCall = { table, operation, region, stage: 'credentials', since: now() };
      pending.add(entry);
      asked += 1;
      try {
        return await call((stage) => {
          entry.stage = stage;
        });
      } catch (error) {
        if (!isLate(error)) throw error;
        if (hung.length < MOST_HUNG) hung.push(entry);
        throw new GivenUp(`${error.message}, at ${entry.stage}`);
      } finally {
        pending.delete(entry);
      }
    },
    pending: () => [...pending],
    counts: () => ({ asked, answered: asked - pending.size }),
    hung: () => hung,
  };
}

function isLate(error: unknown): error is Error {
  return error instanceof DeadlineExceeded || (error instanceof UpstreamError && error.late);
}
