import {
  type Source,
  type TimeField,
  wordsFor,
  wordToWrite,
} from '../../../functions/shared/model/job/source.ts';
import { writeTime } from '../../../functions/shared/model/reading/reading.ts';
import { setAt } from '../../shared/objects.ts';
import type { SampleJob, SampleRecord } from './job.ts';

/** A job, or an ETL run or a try of a job, which have less to tell. */
type Sample = Pick<SampleRecord, 'status'> & Partial<SampleJob>;

/** `sample` as the user's own system would have stored it: their field names, time types and status words. */
export function recordOf(sample: Sample, source: Source): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const [field, mapping] of Object.entries(source.fields)) {
    if (mapping === undefined) continue;
    if (typeof mapping === 'object') {
      const instant = sample[field as TimeField] ?? null;
      setAt(record, mapping.path, instant && writeTime(instant, mapping.type));
    } else if (field === 'status') setAt(record, mapping, wordOf(sample, source));
    else setAt(record, mapping, sample[field as keyof SampleJob] ?? null);
  }
  return record;
}

/** What no setting of the sample maps. */
const UNMAPPED = 'waiting-for-quota';

function wordOf({ status }: Sample, source: Source): string {
  if (status === 'unknown') return UNMAPPED;
  return wordToWrite(source, status) ?? wordsFor(source, status)[0] ?? status;
}
