import type { Firestore } from '@google-cloud/firestore';
import { chunksOf } from '../../concurrency.ts';
import { MINUTE_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import type { Source } from '../../model/job/source.ts';
import { JOB_STATES } from '../../model/job/states.ts';
import type { UnmappedStatus } from '../../model/job/sweep-checkpoint.ts';
import { quoted } from '../../model/reading/reading.ts';
import { plainOf, VALUES_PER_QUERY, withTimeout } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import { recordsOf } from './jobs.ts';
import { countOf } from './record-counts.ts';
import { valuesOf } from './stale-queries.ts';

const LIMIT_MS = MINUTE_MS;
/** Of a source's different words, mapped or not, so many are looked at. */
const MOST_WORDS = 200;
const LONGEST_WORD = 100;

/**
 * The statuses of a source's records that nobody mapped, and how many records have each; those without any under an empty
 * word. First only counts tell whether there are any.
 */
export async function findUnmapped(
  name: string,
  source: Source,
  db: Firestore,
  log: Log,
  options: ReadOptions,
): Promise<UnmappedStatus[]> {
  const records = recordsOf(source, db);
  const path = source.fields.status;
  const mapped = JOB_STATES.flatMap((state) => valuesOf(source, state));
  const operation = `statuses of source ${name}`;
  const counts = await Promise.all([
    countOf(log, operation, records, options),
    ...chunksOf(mapped, VALUES_PER_QUERY).map((some) =>
      countOf(log, operation, records.where(path, 'in', some), options),
    ),
  ]);
  let left = counts.reduce((rest, count) => rest - count);
  if (left <= 0) return [];

  const known = new Set(mapped);
  const unmapped: UnmappedStatus[] = [];
  // From one word to the next, whatever its type: each costs one document, however many have it.
  let query = records.orderBy(path).select(path).limit(1);
  for (let words = 0; words < MOST_WORDS && left > 0; words += 1) {
    const { docs } = await withTimeout(log, operation, LIMIT_MS, query.get(), options.signal);
    options.tally.documents += 1;
    const [document] = docs;
    if (!document) break;
    const stored: unknown = document.get(path);
    query = query.startAfter(stored);
    const value = plainOf(stored);
    if (known.has(value as string)) continue;
    const count = await countOf(log, operation, records.where(path, '==', stored), options);
    unmapped.push({ status: inWords(value), count });
    left -= count;
  }
  return left > 0 ? [...unmapped, { status: '', count: left }] : unmapped;
}

function inWords(value: unknown): string {
  const text = typeof value === 'string' ? value : quoted(value);
  return text.slice(0, LONGEST_WORD);
}
