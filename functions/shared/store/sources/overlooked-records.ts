import type { DocumentSnapshot, Query } from '@google-cloud/firestore';
import { chunksOf } from '../../concurrency.ts';
import { addMs, DAY_MS, earlierOf, HOUR_MS } from '../../dates.ts';
import type { Job } from '../../model/job/job.ts';
import type { Source, TimeMapping } from '../../model/job/source.ts';
import { ACTIVE_STATES, JOB_STATES, TERMINAL_STATES } from '../../model/job/states.ts';
import { PLAUSIBLE_TIMES } from '../../model/reading/reading.ts';
import { plainOf, VALUES_PER_QUERY } from '../firestore/firestore.ts';
import { highest, type JobRange, liesBetween, lowest, within } from '../firestore/time-range.ts';
import { type StatusValue, valuesOf } from './stale-queries.ts';

/**
 * A range filter finds values of one type alone, and no query finds a field that is not there. What the queries by time
 * overlook is found here: by the order of an index, in which every type has its place, and by counting.
 */

/** A clock in another zone may be so far ahead. */
const AHEAD_MS = 14 * HOUR_MS;
/** A job ends so long after its record is created, or is told so late, without being looked for. */
const FAR_MS = 35 * DAY_MS;
/** `not-in` takes so many. */
const VALUES_NOT_IN = 10;

/** Queries that find, whatever day they are of, ended records whose end cannot be one, and those whose status nobody mapped. */
export function timelessQueries(
  records: Query,
  source: Source,
  now: Date,
): [operation: string, query: Query][] {
  const { status, endedAt } = source.fields;
  const terminal = TERMINAL_STATES.flatMap((state) => valuesOf(source, state));
  const ended = chunksOf(terminal, VALUES_PER_QUERY).map((some) =>
    records.where(status, 'in', some).orderBy(endedAt.path),
  );
  return [
    ...ended.flatMap((query): [string, Query][] => [
      // Of ISO text also what sorts among the first hours that are plausible: no day is collected that it could be of.
      ['jobs that ended at no time', query.endBefore(highest(PLAUSIBLE_TIMES.from, endedAt.type))],
      ['jobs that ended in the future', query.startAt(highest(addMs(now, AHEAD_MS), endedAt.type))],
    ]),
    ...unmappedQueries(records, source).map((query): [string, Query] => ['jobs of unmapped statuses', query]),
  ];
}

/** Queries that find, whatever day they are of, records that are active and hold anything but null as their end. */
export function endedActiveQueries(records: Query, source: Source): [operation: string, query: Query][] {
  const { status, endedAt } = source.fields;
  const words = ACTIVE_STATES.flatMap((state) => valuesOf(source, state));
  return chunksOf(words, VALUES_PER_QUERY).map((some) => [
    'active jobs that ended',
    records.where(status, 'in', some).orderBy(endedAt.path).startAfter(null),
  ]);
}

/** Queries that find what has a status, null included, and none that is mapped. */
function unmappedQueries(records: Query, source: Source): Query[] {
  const { status } = source.fields;
  const words = JOB_STATES.flatMap((state) => valuesOf(source, state)).sort(inOrderOfIndex);
  if (words.length <= VALUES_NOT_IN)
    return [records.where(status, 'not-in', words), records.where(status, '==', null)];
  const byStatus = records.orderBy(status);
  return [...words.keys(), words.length].map((index) => {
    const behind = index === 0 ? byStatus : byStatus.startAfter(words[index - 1]);
    return index === words.length ? behind : behind.endBefore(words[index]);
  });
}

/** As Firestore orders values: booleans, numbers, then text by its bytes. */
function inOrderOfIndex(a: StatusValue, b: StatusValue): number {
  const rank = (value: StatusValue) => ['boolean', 'number', 'string'].indexOf(typeof value);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  return typeof a === 'string'
    ? Buffer.compare(Buffer.from(a), Buffer.from(String(b)))
    : Number(a) - Number(b);
}

/**
 * Proves that the records which were created in a range and are not active have all been read: `note` is told of each that
 * was, `count` asked how many of a query there are. Those that ended far from the range count as overlooked, too.
 */
export function creationProof(
  records: Query,
  { source, createdAt, range, now }: { source: Source; createdAt: TimeMapping; range: JobRange; now: Date },
) {
  const { status, endedAt } = source.fields;
  const { from, to } = range;
  const latest = earlierOf(addMs(now, AHEAD_MS), addMs(to, FAR_MS));
  /** Where ends lie that the queries of the range do not ask for. */
  const elsewhere = (
    [
      [lowest(addMs(from, -FAR_MS), endedAt.type), lowest(from, endedAt.type)],
      [highest(to, endedAt.type), highest(latest, endedAt.type)],
    ] as const
  ).filter(([low, high]) => low < high);
  const created = within(records, createdAt, range);
  const active = ACTIVE_STATES.flatMap((state) => valuesOf(source, state));
  const seen = { ended: new Set<string>(), activeWithEnd: new Set<string>() };

  return {
    /** Every record that was created in the range. */
    created,

    note(document: DocumentSnapshot, { state }: Job): void {
      const holds = ({ path }: TimeMapping) => plainOf(document.get(path));
      if (!liesBetween(holds(createdAt), lowest(from, createdAt.type), highest(to, createdAt.type))) return;
      const endsElsewhere = elsewhere.some(([low, high]) => liesBetween(holds(endedAt), low, high));
      const isActive = (ACTIVE_STATES as readonly string[]).includes(state);
      if (isActive && endsElsewhere) seen.activeWithEnd.add(document.ref.path);
      if (!isActive && !endsElsewhere) seen.ended.add(document.ref.path);
    },

    /** How many records there should be, wherever they ended; may be asked while others are still read. */
    async expected(count: (query: Query) => Promise<number>): Promise<number> {
      const [all = 0, ...ofActive] = await Promise.all(
        [created, ...chunksOf(active, VALUES_PER_QUERY).map((some) => created.where(status, 'in', some))].map(
          count,
        ),
      );
      return ofActive.reduce((left, each) => left - each, all);
    },

    /** Whether any of so many was overlooked, once all others are noted. */
    async isLacking(expected: number, count: (query: Query) => Promise<number>): Promise<boolean> {
      if (seen.ended.size >= expected) return false;
      const counts = await Promise.all(
        elsewhere.map(([low, high]) =>
          count(
            created
              .where(endedAt.path, '>=', low)
              .where(endedAt.path, '<', high)
              .orderBy(endedAt.path)
              .orderBy(createdAt.path),
          ),
        ),
      );
      // What is active and has an end elsewhere is not among the expected.
      const endedElsewhere = counts.reduce((sum, each) => sum + each, 0) - seen.activeWithEnd.size;
      return seen.ended.size + endedElsewhere < expected;
    },
  };
}
