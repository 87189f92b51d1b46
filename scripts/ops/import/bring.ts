import { chunksOf, overlap } from '../../../functions/shared/concurrency.ts';
import { limitsOf } from '../../../functions/shared/model/job/sweep-limits.ts';
import { quoted } from '../../../functions/shared/model/reading/reading.ts';
import type { ImportPlan } from './flags/plan.ts';
import type { Place, RecordFinder } from './records.ts';
import { type Decision, decide } from './rules/decide.ts';
import { lifeOf } from './rules/life.ts';
import { type ParsedRow, type Row, readRow } from './rules/record.ts';
import { settle } from './rules/settle.ts';
import type { Spool } from './spool.ts';
import type { Outcome, Tally } from './tally.ts';
import type { RecordWriter } from './write.ts';

/** How many records are looked up at once. */
const PER_LOOK = 300;
/** How often a record is tried that changes each time it is to be written. */
const MOST_TRIES = 5;

/** Reads every row into the spool. Rejects where the whole file is unreadable, before anything is written. */
export async function readRows(
  rows: AsyncIterable<Row>,
  plan: ImportPlan,
  spool: Spool,
  tally: Tally,
): Promise<void> {
  for await (const row of rows) {
    tally.countRow();
    const parsed = 'reason' in row ? row : readRow(plan, row.line, row.cell);
    if ('reason' in parsed) tally.reject(row.line, parsed.reason);
    else await spool.add(parsed);
  }
}

/** A job that is not in its record yet. */
interface Job {
  row: ParsedRow;
  /** The outcome of the last try, which may have been written although it was given up. */
  tried: Outcome | null;
  tries: number;
}

/** Brings every job of the spool into its record. Without a writer, it only counts what would be done. */
export async function bringJobs(
  spool: Spool,
  plan: ImportPlan,
  finder: RecordFinder,
  writer: RecordWriter | null,
  tally: Tally,
): Promise<void> {
  const { graceMs } = limitsOf(plan.source.sweep, '');
  let moved: Job[] = [];

  // Records are looked up while those before them are written.
  const behind = overlap();
  async function look(jobs: readonly Job[]): Promise<void> {
    const places = await finder.find(jobs.map(({ row }) => row.id));
    await behind.begin(async () => {
      for (const job of jobs) {
        const place = places.get(job.row.id) ?? 'its record cannot be found';
        if (typeof place === 'string') tally.reject(job.row.line, `id ${quoted(job.row.id)}: ${place}`);
        else await bring(job, place);
      }
    });
  }
  async function end(): Promise<void> {
    await behind.done();
    await writer?.settle();
  }

  async function bring({ row, tried, tries }: Job, { ref, found }: Place): Promise<void> {
    const decision = decide(plan, row, found?.record ?? null);
    if (decision.kind === 'refuse') return tally.reject(row.line, `id ${quoted(row.id)}: ${decision.reason}`);
    const { changes, kept } = decision;
    const outcome = outcomeOf(decision);
    const done = () => {
      const as = outcome === 'unchanged' ? (tried ?? outcome) : outcome;
      tally.count({ id: row.id, line: row.line, outcome: as, because: kept, changes });
      if (as !== 'kept') tally.cover(lifeOf(row));
      if (as === 'updated' && found) tally.cover(found.record.job);
    };
    if (writer === null || changes.length === 0) return done();
    const write = found ? { ref, changes, seen: found.updateTime } : { ref, changes };
    await writer.write(write, (written) => {
      if (written.is === 'written') done();
      else if (written.is === 'refused') tally.refuse(row.line, `Firestore refused it: ${written.reason}`);
      else if (tries < MOST_TRIES) moved.push({ row, tried: outcome, tries: tries + 1 });
      else tally.refuse(row.line, 'its record changed each time that it was to be written');
    });
  }

  let waiting: Job[] = [];
  for await (const rows of spool.jobs()) {
    const settled = settle(rows, graceMs);
    if ('reason' in settled) tally.contradict(settled.line, settled.reason);
    else waiting.push({ row: settled.row, tried: null, tries: 1 });
    if (waiting.length < PER_LOOK) continue;
    await look(waiting);
    waiting = [];
  }
  await look(waiting);
  await end();
  while (moved.length > 0) {
    const again = moved;
    moved = [];
    for (const jobs of chunksOf(again, PER_LOOK)) await look(jobs);
    await end();
  }
}

function outcomeOf({ kind, changes, kept }: Exclude<Decision, { kind: 'refuse' }>): Outcome {
  if (kind === 'create') return 'created';
  if (kept !== null) return 'kept';
  return changes.length === 0 ? 'unchanged' : 'updated';
}
