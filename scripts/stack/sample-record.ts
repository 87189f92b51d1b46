import { writeTime } from '../../functions/shared/model/job.ts';
import { type Source, type TimeField, wordsFor, wordToWrite } from '../../functions/shared/model/source.ts';
import { setAt } from '../objects.ts';
import type { SampleJob } from './sample-jobs.ts';

/** The job as the user's own system would have stored it: their field names, time types and status words. */
export function recordOf(job: SampleJob, source: Source): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const [field, mapping] of Object.entries(source.fields)) {
    if (mapping === undefined) continue;
    if (typeof mapping === 'object') {
      const instant = job[field as TimeField];
      setAt(record, mapping.path, instant && writeTime(instant, mapping.type));
    } else if (field === 'status') setAt(record, mapping, wordOf(job, source));
    else setAt(record, mapping, job[field as keyof SampleJob] ?? null);
  }
  return record;
}

function wordOf({ status }: SampleJob, source: Source): string {
  return wordToWrite(source, status) ?? wordsFor(source, status)[0] ?? status;
}
