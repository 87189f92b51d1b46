import { z } from 'zod';
import builtInCatalog from '../catalog.json' with { type: 'json' };
import { ambiguousDays, comesAgainWithin, gapsOf, isCron, scheduleWords, slotAfter } from './cron.ts';
import { SECOND_MS } from './dates.ts';
import type { Environment } from './environment.ts';
import { InvalidConfiguration } from './errors.ts';
import type { Expectation } from './model/run/lease.ts';
import type { WatchedTask } from './model/run/watch.ts';
import { type Parsed, type Problem, parseWithProblems } from './problems.ts';
import { readJson } from './settings.ts';

/** Seconds between the task's own deadline and the end of the function: room to settle, finish and answer. */
export const SETTLE_SECONDS = 30;
/** Seconds between a service's own deadline and the end of the function: it gives up by its own words, not by the platform's. */
export const ANSWER_SECONDS = 5;
/** Room between the end of a lease and the last retry that could take the run over. */
export const TAKEOVER_MARGIN_SECONDS = 30;

const retrySchema = z.strictObject({
  count: z.int().min(0).max(5),
  minBackoffSeconds: z.int().min(5).max(3600),
  maxBackoffSeconds: z.int().min(5).max(3600),
  maxDoublings: z.int().min(0).max(16),
});

/** What every function has: its name for the Functions Framework first. */
const functionShape = {
  entryPoint: z.string().regex(/^[a-z][A-Za-z0-9]{0,62}$/, { error: 'a camelCase name' }),
  description: z.string().min(1),
};
const memorySchema = z.string().regex(/^\d+(Mi|Gi)$/, { error: 'an amount such as 512Mi' });

const entrySchema = z
  .strictObject({
    ...functionShape,
    kind: z.literal('task').optional(),
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
    memory: memorySchema,
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

/** A function that answers requests and has no schedule. */
const serviceSchema = z.strictObject({
  ...functionShape,
  kind: z.literal('service'),
  /** The function's timeout; a request's own deadline is ANSWER_SECONDS earlier. */
  timeoutSeconds: z
    .int()
    .min(ANSWER_SECONDS + 1)
    .max(1800),
  /** Requests that one instance answers at a time. */
  concurrency: z.int().min(1).max(1000),
  maxInstances: z.int().min(1).max(100),
  memory: memorySchema,
});

const KINDS = ['task', 'service'] as const;
type Kind = (typeof KINDS)[number];

const name = (kind: Kind) => z.string().regex(/^[a-z][a-z0-9-]*$/, { error: `a kebab-case ${kind} name` });
const catalogSchema = z
  .record(name('task'), entrySchema)
  .refine((catalog) => Object.keys(catalog).length > 0, {
    message: 'No task',
    params: { expected: 'at least one task' },
  });
const servicesSchema = z.record(name('service'), serviceSchema);

/** One task's entry in the catalogue. */
export type CatalogEntry = z.infer<typeof entrySchema> & { task: string };
/** Every task's entry, by task. */
export type Catalog = Record<string, CatalogEntry>;
/** One service's entry in the catalogue. */
export type ServiceEntry = z.infer<typeof serviceSchema> & { service: string };
/** Every service's entry, by service. */
export type Services = Record<string, ServiceEntry>;

/** The tasks of this deployment's catalogue. Throws InvalidConfiguration naming every bad key, of services too. */
export function loadCatalog(environment: Environment): Catalog {
  const { catalog, file } = readCatalog(environment);
  return parseCatalog(catalog, file);
}

/** The services of this deployment's catalogue. Throws as loadCatalog does. */
export function loadServices(environment: Environment): Services {
  const { catalog, file } = readCatalog(environment);
  return parseServices(catalog, file);
}

function readCatalog({ NIGHTSHIFT_CATALOG: file }: Environment): { catalog: unknown; file: string } {
  return { catalog: file ? readJson(file) : builtInCatalog, file: file ?? 'functions/catalog.json' };
}

/** Parses the tasks of a catalogue; `file` is what errors call it. */
export function parseCatalog(input: unknown, file: string): Catalog {
  const { tasks } = parseFunctions(input, file);
  return Object.fromEntries(Object.entries(tasks).map(([task, entry]) => [task, { task, ...entry }]));
}

/** Parses the services of a catalogue; `file` is what errors call it. */
export function parseServices(input: unknown, file: string): Services {
  const { services } = parseFunctions(input, file);
  return Object.fromEntries(
    Object.entries(services).map(([service, entry]) => [service, { service, ...entry }]),
  );
}

/** Parses both kinds of function at once, so that a catalogue is right as a whole or not at all. */
function parseFunctions(input: unknown, file: string) {
  const kinds = kindsOf(input);
  const problems = kinds.flatMap(([key, kind]) => kindProblems(key, kind));
  const tasks = parseWithProblems(catalogSchema, only(input, kinds, 'task'));
  const services = parseWithProblems(servicesSchema, only(input, kinds, 'service'));
  if (problems.length > 0 || !tasks.ok || !services.ok)
    throw new InvalidConfiguration(file, [...problems, ...problemsOf(tasks), ...problemsOf(services)]);
  return { tasks: tasks.value, services: services.value };
}

/** The kind of every entry as it is written; an entry without is a task. */
function kindsOf(input: unknown): [key: string, kind: unknown][] {
  if (input === null || typeof input !== 'object') return [];
  return Object.entries(input).map(([key, entry]) => [
    key,
    (entry as { kind?: unknown } | null)?.kind ?? 'task',
  ]);
}

function kindProblems(key: string, kind: unknown): Problem[] {
  if (KINDS.some((known) => known === kind)) return [];
  return [
    {
      path: `${key}.kind`,
      message: `Cannot use ${JSON.stringify(kind)}`,
      expected: `one of ${KINDS.join(', ')}`,
    },
  ];
}

/** The entries of one kind; what is no object is left for the schema of tasks to refuse. */
function only(input: unknown, kinds: [key: string, kind: unknown][], kind: Kind): unknown {
  if (input === null || typeof input !== 'object' || Array.isArray(input))
    return kind === 'task' ? input : {};
  const keys = new Set(kinds.flatMap(([key, its]) => (its === kind ? [key] : [])));
  return Object.fromEntries(Object.entries(input).filter(([key]) => keys.has(key)));
}

function problemsOf(parsed: Parsed<unknown>): Problem[] {
  return parsed.ok ? [] : parsed.problems;
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

/** The entry of `service`. Throws when the catalogue has none. */
export function serviceOf(services: Services, service: string): ServiceEntry {
  const entry = services[service];
  if (!entry)
    throw new InvalidConfiguration('the catalogue', [
      { path: service, message: 'Missing', expected: 'an entry of kind service' },
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
