import { type Reading, read } from '../reading/reading.ts';
import { type StoredReport, storedReportSchema } from './stored.ts';

/** Reads what a reporter has told from what Nightshift added to a record. */
export function readStoredReport(added: unknown): Reading<StoredReport> {
  const report = typeof added === 'object' && added !== null ? Reflect.get(added, 'report') : undefined;
  if (report === undefined || report === null) return { is: 'absent' };
  const parsed = storedReportSchema.safeParse(report);
  if (parsed.success) return read(parsed.data);
  const [issue] = parsed.error.issues;
  const where = issue && issue.path.length > 0 ? issue.path.join('.') : 'it';
  return { is: 'unreadable', why: `${where} is not what a report holds there: ${issue?.message}` };
}
