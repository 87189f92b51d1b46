import { DAY_MS } from '../shared/dates.ts';
import type { Since, SweepCursor, SweepMarks, UnmappedStatus } from '../shared/model/sweep-marks.ts';
import type { Outcomes } from './outcomes.ts';

/** A document holds 1 MiB; each list gets its share. */
const BYTES_OF_NAMES = 150_000;
const BYTES_OF_TRUTHS = 400_000;

/** What a sweep adds to the memory of a source. */
export interface ToRemember {
  now: Date;
  outcomes: Outcomes;
  /** Whether every suspect was seen: who was not, is none. */
  complete: boolean;
  cursor: SweepCursor | null;
  /** The audit of statuses, where there was one. */
  unmapped: UnmappedStatus[] | null;
}

/** What to remember after a sweep. */
export function marksAfter(
  before: SweepMarks,
  { now, outcomes, complete, cursor, unmapped }: ToRemember,
): SweepMarks {
  const { each, gone, ended } = outcomes;
  const seen = new Set(each.map(({ path }) => path));
  const carried = (entries: readonly Since[]) =>
    complete ? [] : entries.filter(({ path }) => !seen.has(path));
  const sinceBy = new Map(before.unknown.map(({ path, since }) => [path, since]));
  const unknown = each.flatMap(({ path, kind }) =>
    kind === 'unknown' ? [{ path, since: sinceBy.get(path) ?? now }] : [],
  );
  // A day later, nobody knows whether the job was there again meanwhile.
  const young = ({ since }: Since) => now.getTime() - since.getTime() < DAY_MS;
  const known = new Set(ended.map(({ backendId }) => backendId));
  const others = complete ? [] : before.ended.filter(({ backendId }) => !known.has(backendId));
  return {
    ...{ sweptAt: now, cursor },
    gone: oldest([...carried(before.gone).filter(young), ...gone]),
    unknown: oldest([...carried(before.unknown), ...unknown]),
    ended: within(BYTES_OF_TRUTHS, [...ended, ...others]),
    auditedAt: unmapped ? now : before.auditedAt,
    unmapped: unmapped ?? before.unmapped,
    backendKnewAt: before.backendKnewAt,
    backendFingerprint: before.backendFingerprint,
  };
}

function oldest(entries: Since[]): Since[] {
  return within(
    BYTES_OF_NAMES,
    entries.sort((a, b) => a.since.getTime() - b.since.getTime()),
  );
}

/** The first of `entries`, as many as fit. */
function within<T>(bytes: number, entries: readonly T[]): T[] {
  let left = bytes;
  return entries.filter((entry) => {
    left -= Buffer.byteLength(JSON.stringify(entry));
    return left >= 0;
  });
}
