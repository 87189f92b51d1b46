import type { BareReport } from '../outbox/report.ts';

const MOST_REPORTS = 500;
const MOST_JOBS = 100;
/** The service takes 256 KiB; what is around the reports needs little of it. */
const MOST_BYTES = 240 * 1_024;

/** The reports in requests that the service takes. */
export function batchesOf(reports: readonly BareReport[]): BareReport[][] {
  const batches: BareReport[][] = [];
  let batch: BareReport[] = [];
  let jobs = new Set<string>();
  let bytes = 0;
  for (const report of reports) {
    const size = Buffer.byteLength(JSON.stringify(report)) + 1;
    const more = jobs.has(report.job) ? jobs.size : jobs.size + 1;
    if (
      batch.length === MOST_REPORTS ||
      more > MOST_JOBS ||
      (batch.length > 0 && bytes + size > MOST_BYTES)
    ) {
      batches.push(batch);
      batch = [];
      jobs = new Set();
      bytes = 0;
    }
    batch.push(report);
    jobs.add(report.job);
    bytes += size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
