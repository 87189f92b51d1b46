import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '../../functions/shared/model/job/job.ts';
import type { Suspect } from '../../functions/shared/model/job/sweep.ts';
import { verdictOf } from '../../functions/shared/model/job/verdict/verdict.ts';
import { NOW, suspectOf } from './suspects.ts';

/** A suspect and the verdict that it has to get. */
interface Row {
  when: string;
  job?: Partial<Job>;
  over?: Partial<Suspect>;
  /** `kind rule`, and `state` where it ends. */
  is: string;
  brokenAt?: Date | null;
  endedAt?: Date;
  endInferred?: boolean;
  unconfirmed?: boolean;
  foundSince?: Date | null;
  overdue?: boolean;
  error?: string | null;
}

/** A test of each row. */
export function verdictRows(...table: Row[]): void {
  for (const { when, job = {}, over = {}, is, ...expected } of table)
    test(`${when}: ${is}`, () => {
      const verdict = verdictOf(suspectOf(job, over), NOW);
      const state = 'state' in verdict ? ` ${verdict.state}` : '';
      assert.equal(`${verdict.kind} ${verdict.rule}${state}`, is, verdict.because);
      const found = Object.fromEntries(Object.keys(expected).map((key) => [key, Reflect.get(verdict, key)]));
      assert.deepEqual(found, expected, verdict.because);
    });
}
