import type { Firestore } from '@google-cloud/firestore';
import { type CatalogEntry, entryOf, loadCatalog, watchedTaskOf } from '../../functions/shared/catalog.ts';
import type { Clock } from '../../functions/shared/clock.ts';
import { SECOND_MS } from '../../functions/shared/dates.ts';
import { readEnvironment } from '../../functions/shared/environment.ts';
import { createLog, type Log } from '../../functions/shared/log.ts';
import type { Answer } from '../../functions/shared/run/answer.ts';
import { execute } from '../../functions/shared/run/execute.ts';
import type { Task, TaskInput } from '../../functions/shared/run/task.ts';
import { collections as collectionsOf } from '../../functions/shared/store/own/collections.ts';
import { type Lifecycle, lifecycle } from '../../functions/shared/store/own/lifecycle.ts';
import type { Term } from '../../functions/shared/store/own/term.ts';
import { END_RULES } from './end-rules.ts';

const SILENT = createLog({}, () => undefined);
const CATALOG = loadCatalog(readEnvironment({}));

export interface TaskRunsOptions {
  db: Firestore;
  /** The clock of the test. */
  now: () => Date;
  /** The clock of the budget; that of the machine unless given. */
  monotonicMs?: (() => number) | undefined;
  /** What differs from the task's entry in the catalogue. */
  entry?: Partial<CatalogEntry> | undefined;
  log?: Log;
  /** What the task writes through, made of the term of its run. */
  replaceTerm?: (term: Term) => Term;
}

/** Runs of the task of that name, from a delivery to its answer: all is real but the clock, which is the test's. */
export function taskRuns(name: string, options: TaskRunsOptions) {
  const { db, now, log = SILENT } = options;
  const collections = collectionsOf(db, '');
  const entry = { ...entryOf(CATALOG, name), ...options.entry };
  const clock: Clock = { now, monotonicMs: options.monotonicMs ?? (() => performance.now()) };
  const runs = lifecycle({
    ...watchedTaskOf(entry),
    collections,
    clock,
    log: SILENT,
    leaseMs: entry.leaseSeconds * SECOND_MS,
    endRules: END_RULES,
  });
  const made = { entry, lifecycle: startingAt(now, runs, options.replaceTerm), clock, log };

  return {
    collections,
    entry,
    /** What the task is served with. */
    options: made,
    /** A delivery now. */
    async deliver<Input extends TaskInput>(
      task: Task<Input>,
      body: Record<string, unknown> = {},
      headers: Record<string, string> = {},
    ): Promise<Answer> {
      const { answer } = await execute(task, { body, header: (header) => headers[header] }, made);
      return answer;
    },
  };
}

/** The real lifecycle, but a run starts by the test's clock: leases go by Firestore's own, which a test cannot set. */
function startingAt(now: () => Date, runs: Lifecycle, replaceTerm = (term: Term) => term): Lifecycle {
  return {
    ...runs,
    async claim(named, budgetMs) {
      const claim = await runs.claim(named, budgetMs);
      if (claim.kind !== 'claimed') return claim;
      return { ...claim, term: replaceTerm({ ...claim.term, startedAt: now() }) };
    },
  };
}
