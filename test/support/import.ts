import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Source, sourceSchema } from '../../functions/shared/model/job/source.ts';
import { readRows } from '../../scripts/ops/import/bring.ts';
import { openRows, type RowFlags } from '../../scripts/ops/import/file/rows.ts';
import { fieldPairs, statusPairs } from '../../scripts/ops/import/flags/pairs.ts';
import { planImport } from '../../scripts/ops/import/flags/plan.ts';
import type { TimeFlags } from '../../scripts/ops/import/flags/times.ts';
import type { ParsedRow } from '../../scripts/ops/import/rules/record.ts';
import { settle } from '../../scripts/ops/import/rules/settle.ts';
import { openSpool } from '../../scripts/ops/import/spool.ts';
import { newTally, type Rejection } from '../../scripts/ops/import/tally.ts';
import { OpsProblem } from '../../scripts/ops/shared/problem.ts';
import { freshFolder } from './folders.ts';

const time = (path: string, type = 'timestamp') => ({ path, type });

/** A source with every field that can be mapped, some of them nested. */
export const WIDE_SOURCE: Source = sourceSchema.parse({
  collection: 'jobs',
  fields: {
    id: 'key',
    type: 'type',
    project: 'spec.project',
    model: 'spec.model',
    status: 'state',
    error: 'error',
    gpus: 'gpus',
    backendId: 'backend',
    artifactUri: 'uri',
    artifactBytes: 'bytes',
    registeredModel: 'registered',
    resumedFrom: 'parent',
    createdAt: time('times.created', 'iso'),
    startedAt: time('times.start'),
    heartbeatAt: time('times.beat', 'seconds'),
    endedAt: time('times.end', 'millis'),
    updatedAt: time('times.updated', 'micros'),
    keepUntil: time('hold'),
  },
  statuses: {
    WAITING: 'queued',
    RUNNING: 'running',
    PAUSED: 'suspended',
    DONE: 'completed',
    FAILED: 'failed',
    STOPPED: 'cancelled',
  },
});

/** The flags of an import, as they are typed. */
export interface Typed extends RowFlags, Omit<TimeFlags, 'time'> {
  map?: string[];
  status?: string[];
  time?: string[];
}

/** What a file tells, job by job. */
export interface Read {
  jobs: ParsedRow[];
  rejections: Rejection[];
  /** What made the file, or the flags, unusable as a whole. */
  problem: string | null;
}

/** Reads a file as an import does, up to where it would look for records. */
export async function readFile(
  name: string,
  content: string | Buffer,
  { map = [], status = [], time = [], ...flags }: Typed,
): Promise<Read> {
  const file = join(freshFolder(), name);
  writeFileSync(file, content);
  const tally = newTally(1_000);
  const spool = openSpool();
  const jobs: ParsedRow[] = [];
  try {
    const plan = planImport(
      'jobs',
      { jobs: WIDE_SOURCE },
      {
        map: map.flatMap((text) => fieldPairs(text)),
        status: status.flatMap((text) => statusPairs(text)),
        time,
        ...flags,
      },
    );
    const rows = await openRows(file, flags, plan.columns);
    try {
      await readRows(rows.rows, plan, spool, tally);
    } finally {
      rows.close();
    }
    for await (const some of spool.jobs()) {
      const settled = settle(some, 0);
      if ('row' in settled) jobs.push(settled.row);
      else tally.contradict(settled.line, settled.reason);
    }
    return { jobs, rejections: tally.rejections, problem: null };
  } catch (error) {
    if (!(error instanceof OpsProblem)) throw error;
    return { jobs: [], rejections: [], problem: error.message };
  } finally {
    await spool.close();
  }
}
