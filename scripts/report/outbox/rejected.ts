import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { replaceRecord } from './files.ts';
import type { BareReport } from './report.ts';

const MOST_FILES = 100;
const MOST_BYTES = 1_024 * 1_024;

/** A report that the service will never take, with its words: for a person to look at. */
export interface Rejected {
  report: BareReport;
  source: string;
  url: string;
  problems: string[];
  status: number;
  at: string;
}

/** Keeps it; the oldest go when there are too many. */
export function keepRejected(outbox: string, rejected: Rejected): void {
  const dir = join(outbox, 'rejected');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { execution, seq } = rejected.report;
  replaceRecord(dir, `${execution}-${seq ?? 0}.json`, rejected, true);
  const files = rejectedIn(outbox).reverse();
  let bytes = 0;
  for (const [i, name] of files.entries()) {
    bytes += statSync(join(dir, name)).size;
    if (i >= MOST_FILES || bytes > MOST_BYTES) rmSync(join(dir, name), { force: true });
  }
}

/** The names of what was rejected, oldest first. */
export function rejectedIn(outbox: string): string[] {
  try {
    return readdirSync(join(outbox, 'rejected'))
      .filter((name) => !name.startsWith('.'))
      .sort();
  } catch {
    return [];
  }
}
