import { isTerminal, type Job, type JobRecord, readJob } from '../../../functions/shared/model/job/job.ts';
import { lifeOf } from '../../../functions/shared/model/job/life.ts';
import type { Source } from '../../../functions/shared/model/job/source.ts';
import type { JobState } from '../../../functions/shared/model/job/states.ts';
import { lateMs, type WrittenLate, writtenLate } from '../../../functions/shared/model/job/written-late.ts';
import { type Field, type Mistyped, mappedFields, mistypedIn } from '../shared/mistyped.ts';

/** Words in the status field that no mapping names. */
export interface Unmapped {
  word: string;
  count: number;
}

/** Records that count on no day although each of their fields can be read. */
export interface Contradictory {
  because: string;
  count: number;
  /** The id of one of them. */
  example: string;
}

/** A mapped field that records lack although they should have it. */
export interface Missing {
  field: Field;
  path: string;
  count: number;
  /** How many of the records should have it, and which these are. */
  of: number;
  which: string;
  /** Whether it has to be fixed; false where records may well lack it. */
  mend: boolean;
}

/** What was found in the records of a source. */
export interface Inspection {
  records: number;
  unmapped: Unmapped[];
  mistyped: Mistyped[];
  contradictory: Contradictory[];
  missing: Missing[];
  /** Records written later than their own `updatedAt` says. */
  writtenLate: WrittenLate | null;
  /** Whether something is wrong enough to falsify what the tasks see. */
  toMend: boolean;
}

/** Which records should have a field; every record where it is not listed. */
const EXPECTED: Partial<Record<Field, { which: string; of: (job: Job) => boolean }>> = {
  startedAt: { which: 'that run or completed', of: (job) => is(job, 'running', 'completed') },
  heartbeatAt: { which: 'that run', of: (job) => is(job, 'running') },
  endedAt: { which: 'that ended', of: (job) => isTerminal(job.state) },
  error: { which: 'that failed', of: (job) => is(job, 'failed') },
  backendId: { which: 'that run or completed', of: (job) => is(job, 'running', 'completed') },
  artifactUri: { which: 'that completed', of: (job) => is(job, 'completed') },
};
/** Fields that a task cannot do without where they are mapped: one record without them is one too many. */
const NEEDED: readonly Field[] = ['id', 'status', 'startedAt', 'heartbeatAt', 'endedAt', 'updatedAt'];
/** Fields that falsify figures where their path is wrong, which ENOUGH records without any value show. */
const COUNTED: readonly Field[] = ['gpus'];
const ENOUGH = 5;

/** Returns what in `records` does not fit the mapping of `source`. Times after `now` are in the future. */
export function inspectSource(source: Source, records: readonly JobRecord[], now: Date): Inspection {
  const jobs = records.map((record) => readJob(source, record));
  const words = jobs.filter((job) => job.state === 'unknown' && job.status !== '').map((job) => job.status);
  const unmapped = counted(words).map(([word, count]) => ({ word, count }));
  const mistyped = mistypedIn(source, records, jobs);
  const contradictory = contradictionsIn(source, records, jobs, now);
  const missing = mappedFields(source).flatMap(({ field, path }) => {
    const { which, of } = EXPECTED[field] ?? { which: '', of: () => true };
    const expected = records.filter((_, index) => of(jobs[index] as Job));
    const count = expected.filter((record) => isAbsent(field, record.get(path))).length;
    if (count === 0) return [];
    const nowhere = COUNTED.includes(field) && count === expected.length && count >= ENOUGH;
    return [{ field, path, count, of: expected.length, which, mend: nowhere || NEEDED.includes(field) }];
  });
  const late = jobs.map((job) => [job.id, lateMs(job)] as const).filter(([, ms]) => ms > 0);
  return {
    records: records.length,
    unmapped,
    mistyped,
    contradictory,
    missing,
    writtenLate: writtenLate(new Map(late)),
    toMend: unmapped.length + mistyped.length + contradictory.length > 0 || missing.some(({ mend }) => mend),
  };
}

/** Returns contradictions within records; unreadable and missing fields are reported by themselves. */
function contradictionsIn(
  { fields }: Source,
  records: readonly JobRecord[],
  jobs: readonly Job[],
  now: Date,
): Contradictory[] {
  const isToldByField = (job: Job, record: JobRecord) => {
    const needed = isTerminal(job.state) ? 'endedAt' : 'startedAt';
    const isMissing = isAbsent(needed, record.get(fields[needed].path)) && job.state !== 'suspended';
    return isMissing || job.unreadable.some(({ field }) => field === 'startedAt' || field === 'endedAt');
  };
  const faults = jobs.flatMap((job, index) => {
    const life = lifeOf(job, now);
    const isOwn = life.kind === 'fault' && life.fault === 'malformed';
    return isOwn && !isToldByField(job, records[index] as JobRecord)
      ? [{ because: life.because, id: job.id }]
      : [];
  });
  return [...Map.groupBy(faults, ({ because }) => because)].map(([because, some]) => ({
    because,
    count: some.length,
    example: some[0]?.id ?? '',
  }));
}

function is(job: Job, ...states: JobState[]): boolean {
  return (states as string[]).includes(job.state);
}

/** An explicit null says "not yet", which is fine for anything but a status. */
function isAbsent(field: Field, value: unknown): boolean {
  return value === undefined || (field === 'status' && (value === null || value === ''));
}

/** The distinct words with how often they occur, the most frequent first. */
function counted(words: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}
