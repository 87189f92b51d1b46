import { Timestamp } from '@google-cloud/firestore';
import {
  type Source,
  type TimeField,
  type TimeMapping,
  wordsFor,
  wordToWrite,
} from '../../functions/shared/model/source.ts';
import type { SampleJob } from './sample-jobs.ts';

/** The job as the user's own system would have stored it: their field names, time types and status words. */
export function recordOf(job: SampleJob, source: Source): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const [field, mapping] of Object.entries(source.fields)) {
    if (mapping === undefined) continue;
    if (typeof mapping === 'object') setAt(record, mapping.path, timeOf(job[field as TimeField], mapping));
    else if (field === 'status') setAt(record, mapping, wordOf(job, source));
    else setAt(record, mapping, job[field as keyof SampleJob] ?? null);
  }
  return record;
}

function wordOf({ status }: SampleJob, source: Source): string {
  return wordToWrite(source, status) ?? wordsFor(source, status)[0] ?? status;
}

function timeOf(instant: Date | null, { type }: TimeMapping): unknown {
  if (!instant) return null;
  if (type === 'timestamp') return Timestamp.fromDate(instant);
  if (type === 'iso') return instant.toISOString();
  return type === 'seconds' ? instant.getTime() / 1_000 : instant.getTime();
}

function setAt(record: Record<string, unknown>, path: string, value: unknown): void {
  const [key = path, ...rest] = path.split('.');
  if (rest.length === 0) {
    record[key] = value;
    return;
  }
  record[key] ??= {};
  setAt(record[key] as Record<string, unknown>, rest.join('.'), value);
}
