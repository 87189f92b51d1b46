import { z } from 'zod';
import builtInCatalog from '../catalog.json' with { type: 'json' };
import { ambiguousDays, comesAgainWithin, gapsOf, isCron, scheduleWords, slotAfter } from './cron.ts';
import { SECOND_MS } from './dates.ts';
import type { Environment } from './environment.ts';
import { InvalidConfiguration } from './errors.ts';
import type { Expectation } from './model/run/lease.ts';
import type { WatchedTask } from './model/run/watch.ts';
import { parseWithProblems } from './problems.ts';
import { readJson } from './settings.ts';

/** Seconds between the task's own deadline and the end of the function: room to settle, finish and answer. */
export const SETTLE_SECONDS = 30;
/** Room between the end of a lease and the last retry that could take the run over. */
export const TAKEOVER_MARGIN_SECONDS = 30;

const retrySchema = z.strictObject({
  count: z.int().min(0).max(5),
  minBackoffSeconds: z.int().min(5).max(3600),
  maxBackoffSeconds: z.int().min(5).max(3600),
  maxDoublings: z.int().min(0).max(16),
});

const entrySchema = z
  .strictObject({
    /** The function's name for the Functions Framework. */
    entryPoint: z.string().regex(/^[a-z][A-Za-z0-9]{0,62}$/, { error: 'a camelCase name' }),
    description: z.string().min(1),
    enabled: z.boolean(),
    /** Unix-cron, UTC, as Cloud Scheduler reads it. */
    schedule: z.string().max(100),
    /** The function's timeout; the task's own deadline is SETTLE_SECONDS earlier. */
    timeoutSeconds: z
      .int()
      .min(SETTLE_SECONDS + 1)
      .max(1800),
    /** How long Cloud Scheduler waits for an answer. */
    attemptDeadlineSeconds: z.int().min(15).max(1800),
    /** A run that has not renewed its lease for so long may be taken over. */
    leaseSeconds: z.int().min(2).max(900),
    /** How late a slot may start before the task counts as late; less than from any slot to the next. */
    startGraceSeconds: z.int().min(0),
    retry: retrySchema,
    memory: z.string().regex(/^\d+(Mi|Gi)$/, { error: 'an amount such as 512Mi' }),
  })
  .superRefine((entry, context) => {
    const complain = (path: string, message: string, expected: string) =>
      context.addIssue({ code: 'custom', path: [path], message, params: { expected } });
    if (isCron(entry.schedule)) checkSlots(entry, complain);
    else
      complain(
        'schedule',
        `Cannot read ${JSON.stringify(entry.schedule)}`,
        'a unix-cron expression of five fields',
      );
    if (entry.timeoutSeconds > entry.attemptDeadlineSeconds)
      complain(
        'timeoutSeconds',
        `Cannot use ${entry.timeoutSeconds}`,
        `at most attemptDeadlineSeconds, which is ${entry.attemptDeadlineSeconds}`,
      );
    const backoffs = backoffSeconds(entry.retry);
    if (entry.retry.count > 0 && backoffs <= entry.leaseSeconds + TAKEOVER_MARGIN_SECONDS)
      complain(
        'retry',
        `The back-offs sum to ${backoffs} s`,
        `more than leaseSeconds + ${TAKEOVER_MARGIN_SECONDS} = ${entry.leaseSeconds + TAKEOVER_MARGIN_SECONDS} s, or a retry could never take over a dead run`,
      );
  });

/** What is wrong with the slots of a schedule that can be read. */
function checkSlots(
  { schedule, startGraceSeconds }: { schedule: string; startGraceSeconds: number },
  complain: (path: string, message: string, expected: string) => void,
): void {
  const ambiguous = ambiguousDays(schedule);
  if (ambiguous)
    complain(
      'schedule',
      `Cannot use ${JSON.stringify(schedule)}`,
      `* in one of the fields of days, or a range such as 1-31/2 or 0-6/2 instead of ${ambiguous}: of two restricted fields either will do, but crons differ in whether ${ambiguous} restricts`,
    );
  // Otherwise the next slot would come before this one counts as missed.
  else if (comesAgainWithin(schedule, startGraceSeconds * SECOND_MS))
    complain(
      'startGraceSeconds',
      `Cannot use ${startGraceSeconds}`,
      `less than ${gapsOf(schedule).shortestMs / SECOND_MS}, the shortest time from a slot of "${schedule}" to the next`,
    );
}

const catalogSchema = z
  .record(z.string().regex(/^[a-z][a-z0-9-]*$/, { error: 'a kebab-case task name' }), entrySchema)
  .refine((catalog) => Object.keys(catalog).length > 0, {
    message: 'No task',
    params: { expected: 'at least one task' },
  });

/** One task's entry in the catalogue. */
export type CatalogEntry = z.infer<typeof entrySchema> & { task: string };
/** Every task's entry, by task. */
export type Catalog = Record<string, CatalogEntry>;

/** The catalogue of this deployment. Throws InvalidConfiguration naming every bad key. */
export function loadCatalog(environment: Environment): Catalog {
  const file = environment.NIGHTSHIFT_CATALOG;
  return parseCatalog(file ? readJson(file) : builtInCatalog, file ?? 'functions/catalog.json');
}

/** Parses a catalogue; `file` is what errors call it. */
export function parseCatalog(input: unknown, file: string): Catalog {
  const parsed = parseWithProblems(catalogSchema, input);
  if (!parsed.ok) throw new InvalidConfiguration(file, parsed.problems);
  return Object.fromEntries(Object.entries(parsed.value).map(([task, entry]) => [task, { task, ...entry }]));
}

/** The entry of `task`. Throws when the catalogue has none: every task has its entry, a test holds them together. */
export function entryOf(catalog: Catalog, task: string): CatalogEntry {
  const entry = catalog[task];
  if (!entry)
    throw new InvalidConfiguration('the catalogue', [
      { path: task, message: 'Missing', expected: 'an entry' },
    ]);
  return entry;
}

/** Seconds that all retries of one slot wait together: doubling `maxDoublings` times, then growing linearly, capped. */
export function backoffSeconds(retry: CatalogEntry['retry']): number {
  const step = retry.minBackoffSeconds * 2 ** retry.maxDoublings;
  const waits = Array.from({ length: retry.count }, (_, index) =>
    index <= retry.maxDoublings
      ? retry.minBackoffSeconds * 2 ** index
      : step * (index - retry.maxDoublings + 1),
  );
  return waits.reduce((sum, wait) => sum + Math.min(wait, retry.maxBackoffSeconds), 0);
}

/** The task's first slot after `instant`. */
export function nextSlot(entry: Pick<CatalogEntry, 'schedule'>, instant: Date): Date {
  return slotAfter(entry.schedule, instant);
}

/** The schedule and the limits of a task, for its health record. */
export function expectationOf(entry: CatalogEntry, deployment: Expectation['deployment']): Expectation {
  const { enabled, schedule, startGraceSeconds, timeoutSeconds } = entry;
  return {
    enabled,
    schedule,
    scheduleWords: scheduleWords(schedule),
    startGraceSeconds,
    maxRuntimeSeconds: timeoutSeconds,
    deployment,
  };
}

/** The task as the watch over our tasks knows it. */
export function watchedTaskOf(entry: CatalogEntry): WatchedTask {
  return {
    task: entry.task,
    // Only the task itself knows its deployment.
    expectation: expectationOf(entry, { service: null, revision: null, region: null }),
    nextSlot: (after) => nextSlot(entry, after),
  };
}
