import { z } from 'zod';
import { zone, zoneOnlyOfText } from '../forms.ts';
import { TIME_TYPES } from '../reading/reading.ts';
import { type ReportsSettings, reportsSchema } from '../report/settings.ts';
import { backendSchema } from './backend.ts';
import { JOB_STATES, type JobState, TERMINAL_STATES } from './states.ts';
import { sweepSchema } from './sweep-limits.ts';

/**
 * A source is one collection of the user's own job records, with the mapping of its fields and statuses. Whatever
 * Nightshift adds to a record goes under one map field.
 */

/** Our fields that hold a time, each mapped with its type. */
export const TIME_FIELDS = [
  'createdAt',
  'startedAt',
  'heartbeatAt',
  'endedAt',
  'updatedAt',
  'keepUntil',
] as const;
export type TimeField = (typeof TIME_FIELDS)[number];

/** Our other fields, each mapped to a path. */
export const PLAIN_FIELDS = [
  'id',
  'type',
  'project',
  'model',
  'status',
  'error',
  'gpus',
  'backendId',
  'artifactUri',
  'artifactBytes',
  'registeredModel',
  'resumedFrom',
] as const;
export type PlainField = (typeof PLAIN_FIELDS)[number];

/** Every field of a job that can be mapped. */
export const JOB_FIELDS = [...PLAIN_FIELDS, ...TIME_FIELDS] as const;
export type JobField = (typeof JOB_FIELDS)[number];

const fieldPath = z.string().regex(/^[^.[\]*`~/]+(\.[^.[\]*`~/]+)*$/, {
  error: 'a field path such as status or times.started',
});
const timeField = z
  .strictObject({ path: fieldPath, type: z.enum(TIME_TYPES), zone: zone.optional() })
  .superRefine(zoneOnlyOfText);
export type TimeMapping = z.infer<typeof timeField>;

const statusesSchema = z.record(z.string().min(1), z.enum(JOB_STATES));
const writeSchema = z.partialRecord(z.enum(JOB_STATES), z.string().min(1));

const fieldsSchema = z.strictObject({
  id: fieldPath.optional(),
  /** The kind of work, in the user's words: limits can be set per type. */
  type: fieldPath.optional(),
  project: fieldPath.optional(),
  model: fieldPath.optional(),
  status: fieldPath,
  error: fieldPath.optional(),
  gpus: fieldPath.optional(),
  backendId: fieldPath.optional(),
  artifactUri: fieldPath.optional(),
  artifactBytes: fieldPath.optional(),
  /** Set where the job's artifacts are a registered model. */
  registeredModel: fieldPath.optional(),
  /** The id of a job of this source, or a URI of artifacts, that the job began from. */
  resumedFrom: fieldPath.optional(),
  createdAt: timeField.optional(),
  startedAt: timeField,
  heartbeatAt: timeField.optional(),
  endedAt: timeField,
  updatedAt: timeField.optional(),
  /** The time until which a person keeps the job's artifacts. */
  keepUntil: timeField.optional(),
});

/** Records below each job, one per try. Statuses that are not given are those of the jobs. */
const executionsSchema = z.strictObject({
  /** The id of the subcollection. */
  collection: z.string().regex(/^[^/]+$/, { error: 'the id of a subcollection' }),
  fields: fieldsSchema.pick({
    status: true,
    error: true,
    backendId: true,
    startedAt: true,
    heartbeatAt: true,
    endedAt: true,
    updatedAt: true,
    createdAt: true,
  }),
  statuses: statusesSchema.optional(),
  write: writeSchema.optional(),
});

/** A source as settings.json has it. */
export const sourceSchema = z
  .strictObject({
    /** Path of the collection, or the id of a collection group when `group` is true. */
    collection: z.string().regex(/^[^/]+(\/[^/]+\/[^/]+)*$/, { error: 'the path of a collection' }),
    group: z.boolean().default(false),
    /** Where the collection is, when not in Nightshift's own database or project. */
    database: z.string().min(1).optional(),
    googleProject: z.string().min(1).optional(),
    /** `observe` shows what would be done and writes nothing to the records; `enforce` writes. */
    mode: z.enum(['observe', 'enforce']).default('observe'),
    /** ETL runs are counted by the same rules, apart from the training jobs; they have neither GPUs nor artifact bytes. */
    kind: z.enum(['training', 'etl']).default('training'),
    fields: fieldsSchema,
    /** The user's words for a status -> ours. */
    statuses: statusesSchema,
    /** Our words -> the user's word that is written; needed where several of them mean the same. */
    write: writeSchema.default({}),
    /** The limits after which the sweep looks at a job. */
    sweep: sweepSchema.prefault({}),
    /** The system that runs the jobs; without it, only their records show how they stand. */
    backend: backendSchema.optional(),
    /** The tries of a job, each a record below it. */
    executions: executionsSchema.optional(),
    /** Whose reports of their own jobs are taken; nobody's unless it is there. */
    reports: reportsSchema.optional(),
    /** The map field of a record that holds what Nightshift adds. */
    addedField: fieldPath.default('nightshift'),
  })
  .superRefine((source, context) => {
    for (const field of ['gpus', 'artifactBytes'] as const) {
      if (source.kind !== 'etl' || source.fields[field] === undefined) continue;
      context.addIssue({
        code: 'custom',
        path: ['fields', field],
        message: `ETL runs have no ${field}`,
        params: { expected: 'no such field, or kind training' },
      });
    }
    if (source.backend && !source.fields.backendId && !source.executions?.fields.backendId)
      context.addIssue({
        code: 'custom',
        path: ['fields', 'backendId'],
        message: 'Missing: the backend could be asked about no job',
        params: {
          expected:
            'the field that holds the name of a job there (where it is its id, the field of that), or no backend',
        },
      });
    if (source.reports) checkReports(source, source.reports, context);
    for (const [state, word] of Object.entries(source.write)) {
      if (source.statuses[word] === state) continue;
      context.addIssue({
        code: 'custom',
        path: ['write', state],
        message: `Cannot write ${JSON.stringify(word)}`,
        params: { expected: `a word that statuses maps to ${state}` },
      });
    }
    for (const state of ['running', ...TERMINAL_STATES] as const) {
      if (wordsFor(source, state).length > 0) continue;
      context.addIssue({
        code: 'custom',
        path: ['statuses'],
        message: `No word means ${JSON.stringify(state)}`,
        params: { expected: `at least one of their words mapped to ${state}` },
      });
    }
  });

export type Source = z.infer<typeof sourceSchema>;

/** What a source must have so that reports can be written into its records. */
function checkReports(
  source: Pick<Source, 'group' | 'fields' | 'statuses' | 'write' | 'executions'>,
  { create }: ReportsSettings,
  context: z.core.$RefinementCtx,
): void {
  const complain = (path: string[], message: string, expected: string) =>
    context.addIssue({ code: 'custom', path, message, params: { expected } });
  if (source.group && !source.fields.id)
    complain(
      ['fields', 'id'],
      'Missing: no report could be told whose it is',
      'the field with the id of a job',
    );
  if (source.group && create)
    complain(['reports', 'create'], 'Cannot make a record in a collection group', 'false');
  const { executions } = source;
  const places = [
    { path: ['write'], words: source },
    ...(executions
      ? [
          {
            path: ['executions', 'write'],
            words: {
              statuses: executions.statuses ?? source.statuses,
              write: executions.write ?? source.write,
            },
          },
        ]
      : []),
  ];
  for (const { path, words } of places)
    for (const state of ['running', ...TERMINAL_STATES] as const) {
      const known = wordsFor(words, state);
      if (known.length > 1 && wordToWrite(words, state) === undefined)
        complain(
          [...path, state],
          `Several words mean ${state}`,
          `which of ${known.join(', ')} reports write`,
        );
    }
}

/** Returns the executions of a source's jobs as a source of their own; `undefined` where it maps none. */
export function executionsOf(source: Source): Source | undefined {
  const { executions } = source;
  if (!executions) return undefined;
  return {
    ...source,
    group: true,
    collection: executions.collection,
    // Without `type`: an execution is of the type of the job above it.
    fields: executions.fields,
    statuses: executions.statuses ?? source.statuses,
    write: executions.write ?? source.write,
    executions: undefined,
  };
}

/** Returns the user's words that mean `state`. */
export function wordsFor(source: Pick<Source, 'statuses'>, state: JobState): string[] {
  return Object.entries(source.statuses)
    .filter(([, meaning]) => meaning === state)
    .map(([word]) => word);
}

/** Returns the user's word that is written for `state`; `undefined` where several are possible and none is chosen. */
export function wordToWrite(source: Pick<Source, 'statuses' | 'write'>, state: JobState): string | undefined {
  const words = wordsFor(source, state);
  return source.write[state] ?? (words.length === 1 ? words[0] : undefined);
}
