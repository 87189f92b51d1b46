import {
  type AddedToJob,
  type Job,
  jobName,
  type ReadField,
  type Unreadable,
} from '../../functions/shared/model/job/job.ts';
import { type Source, sourceSchema, type TimeField } from '../../functions/shared/model/job/source.ts';

/** The instant that `text`, such as 2026-03-09T12:00, is in UTC. */
export function utc(text: string): Date {
  const instant = new Date(`${text}Z`);
  if (Number.isNaN(instant.getTime())) throw new RangeError(`Cannot read "${text}" as an instant`);
  return instant;
}

/** A record to which Nightshift added nothing. */
export const NOTHING_ADDED: AddedToJob = {
  endInferred: false,
  tombstone: null,
  deletedAt: null,
  deletedLife: null,
  nothingThere: null,
  evidence: null,
  earlier: [],
  report: null,
  stopRequested: false,
};

/** A job as the pure code sees it: one that ran on 9 March 2026, from 10:00 to 12:00, unless told otherwise. */
export function jobOf(over: Partial<Omit<Job, 'name'>> & { id: string }): Job {
  const { source = 'jobs', path = `${source}/${over.id}` } = over;
  return {
    name: jobName(source, path),
    source,
    path,
    type: '',
    project: 'alpha',
    state: 'completed',
    status: over.state ?? 'completed',
    createdAt: null,
    startedAt: utc('2026-03-09T10:00'),
    heartbeatAt: null,
    writtenAt: null,
    endedAt: utc('2026-03-09T12:00'),
    updatedAt: null,
    error: null,
    backendId: null,
    gpus: 1,
    artifactBytes: null,
    model: '',
    artifactUri: null,
    registeredModel: null,
    keepUntil: null,
    resumedFrom: null,
    added: NOTHING_ADDED,
    unreadable: [],
    ...over,
  };
}

/** That a field of a job is there and cannot be read. */
export function unread(field: ReadField): Unreadable {
  return { field, why: '"?" is not what was expected' };
}

/** A user's record in our own words; times are text as `utc` takes it. */
export interface RecordWords {
  status?: string;
  project?: string | null;
  gpus?: unknown;
  artifactBytes?: unknown;
  created?: string | null;
  started?: string | null;
  ended?: string | null;
  updated?: string | null;
}

/** The document of a record for the built-in mapping: a job that ran on 9 March 2026, from 10:00 to 12:00. */
export function recordOf(words: RecordWords = {}): Record<string, unknown> {
  const time = (text: string | null | undefined, otherwise: string | null) => {
    const chosen = text === undefined ? otherwise : text;
    return chosen === null ? null : utc(chosen);
  };
  const startedAt = time(words.started, '2026-03-09T10:00');
  return {
    status: words.status ?? 'completed',
    project: words.project === undefined ? 'alpha' : words.project,
    gpus: words.gpus ?? 1,
    artifactBytes: words.artifactBytes ?? null,
    createdAt: words.created === undefined ? startedAt : time(words.created, null),
    startedAt,
    endedAt: time(words.ended, '2026-03-09T12:00'),
    updatedAt: time(words.updated, null),
  };
}

/** The built-in source with other mappings. */
export function sourceOf(over: Record<string, unknown> = {}): Source {
  const timestamp = (field: TimeField) => [field, { path: field, type: 'timestamp' }] as const;
  return sourceSchema.parse({
    collection: 'jobs',
    fields: {
      project: 'project',
      status: 'status',
      gpus: 'gpus',
      artifactBytes: 'artifactBytes',
      ...Object.fromEntries(
        (['createdAt', 'startedAt', 'endedAt', 'updatedAt'] as const).map((field) => timestamp(field)),
      ),
    },
    statuses: {
      queued: 'queued',
      running: 'running',
      suspended: 'suspended',
      completed: 'completed',
      failed: 'failed',
      cancelled: 'cancelled',
    },
    ...over,
  });
}

/** A source of jobs with artifacts, in earnest. */
export function artifactSource(
  over: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): Source {
  const { fields } = sourceOf();
  return sourceOf({
    mode: 'enforce',
    ...over,
    fields: {
      ...fields,
      model: 'model',
      artifactUri: 'artifactUri',
      registeredModel: 'registeredModel',
      resumedFrom: 'resumedFrom',
      heartbeatAt: { path: 'heartbeatAt', type: 'timestamp' },
      keepUntil: { path: 'keepUntil', type: 'timestamp' },
      ...more,
    },
  });
}
