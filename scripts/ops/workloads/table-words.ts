import { hasEnded, isCurrent } from '../../../functions/shared/model/workload/life.ts';
import type { Region } from '../../../functions/shared/model/workload/region.ts';
import {
  type Row,
  WORKLOAD_STATES,
  type WorkloadState,
} from '../../../functions/shared/model/workload/row.ts';
import type { Snapshot } from '../../../functions/shared/model/workload/snapshot.ts';
import { standingAt } from '../../../functions/shared/model/workload/standing.ts';
import { type TableName, tableOf } from '../../../functions/shared/model/workload/tables.ts';
import { duration, figure, plural, relative, stamp, UNKNOWN } from '../../words/figures.ts';
import { table } from '../../words/table.ts';
import { oneLine, paint, terminalWidth } from '../../words/terminal.ts';

const COLORS: Record<WorkloadState, (text: string) => string> = {
  running: paint.cyan,
  queued: paint.blue,
  suspended: paint.yellow,
  completed: paint.green,
  failed: paint.red,
  cancelled: paint.dim,
  unknown: paint.yellow,
};

/** In a narrower terminal a reason stands below its row: beside it nothing of it could be read. */
const LEAST_BESIDE = 130;

/** A row as it is shown at one instant. */
export interface RowWords {
  state: string;
  lasting: string;
  region: string;
  ended: string;
  name: string;
  /** The job of ours that it is, as source/id; empty for none. */
  job: string;
  /** Why it ended as it did, and what keeps that from being known; empty where there is nothing to say. */
  why: string;
}

/** Whether reasons stand beside their rows; without a terminal they do. */
export function isBeside(width: number | undefined): boolean {
  return width === undefined || width >= LEAST_BESIDE;
}

/** What stands below a row that has no room beside it. */
export function belowOf({ job, why }: RowWords): string {
  return [...(job === '' ? [] : [`job ${job}`]), ...(why === '' ? [] : [why])].join('; ');
}

/** A table for a person: its counts, how old each region is, and its rows. */
export function tableInWords(
  name: TableName,
  snapshot: Snapshot | undefined,
  now: Date,
  width = terminalWidth(),
): string[] {
  if (!snapshot) return [headOf(name, snapshot)];
  const rows = rowsInWords(snapshot, now);
  const others = unlistedOf(snapshot);
  const beside = isBeside(width);
  const withJobs = beside && rows.some(({ job }) => job !== '');
  const columns = [
    { title: 'STATE' },
    { title: 'FOR', align: 'right' as const },
    { title: tableOf(name).place.toUpperCase() },
    { title: 'ENDED', drop: 1 },
    { title: 'NAME' },
    ...(withJobs ? [{ title: 'JOB' }] : []),
    ...(beside ? [{ title: 'WHY' }] : []),
  ];
  const cells = rows.map(({ state, lasting, region, ended, name: called, job, why }) => [
    ...[state, lasting, region, ended, called],
    ...(withJobs ? [job] : []),
    ...(beside ? [why] : []),
  ]);
  const below = rows.map((row) => (beside || belowOf(row) === '' ? [] : [`  ${belowOf(row)}`]));
  return [
    headOf(name, snapshot),
    ...[...silencesInWords(snapshot, now), ...agesInWords(snapshot, now)].map((line) => `  ${line}`),
    ...(rows.length > 0 ? table(columns, cells, { width, below }) : []),
    ...(others > 0 ? [paint.dim(`and ${plural(others, 'older one')} more`)] : []),
  ];
}

/** What a table is called, how old it is, and how many there are of each state, also of those that are not among its rows. */
export function headOf(name: TableName, snapshot: Snapshot | undefined, age = ''): string {
  const title = paint.bold(tableOf(name).title);
  if (!snapshot) return `${title}: ${paint.yellow('not asked yet')}`;
  const counts = WORKLOAD_STATES.flatMap((state) => {
    const count = snapshot.counts[state] ?? 0;
    return count > 0 ? [COLORS[state](`${figure(count)} ${state}`)] : [];
  });
  const isPart = !snapshot.complete || Object.values(snapshot.regions).some(({ more }) => more);
  return `${title}${paint.dim(age)}: ${counts.join(', ') || 'none'}${isPart ? paint.yellow(', at least') : ''}`;
}

/** How many are counted, and too old to be among the rows. */
export function unlistedOf({ counts, rows }: Snapshot): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0) - rows.length;
}

/** The rows of a table as they stand at `now`. */
export function rowsInWords({ rows, regions }: Snapshot, now: Date): RowWords[] {
  return rows.map((row) => {
    const { state, ms, atLeast } = standingAt(row, regions[row.region], now);
    return {
      state: (isDoubtful(row) ? paint.yellow : COLORS[state])(state),
      // Whole seconds: tenths of them would only flicker.
      lasting: `${atLeast ? '≥ ' : ''}${wholeSeconds(ms)}`,
      region: oneLine(row.region),
      ended: hasEnded(row) ? relative(row.endedAt, now) : '',
      name: oneLine(row.name) || oneLine(row.id),
      job: row.ourJob ? oneLine(`${row.ourJob.source}/${row.ourJob.id}`) : '',
      why: whyOf(row, state, regions[row.region]),
    };
  });
}

function wholeSeconds(ms: number | null): string {
  if (ms === null) return UNKNOWN;
  return ms < 10_000 ? `${Math.floor(ms / 1000)} s` : duration(Math.floor(ms / 1000) * 1000);
}

/** Whether it completed, and yet did not do what it is there for: a runner that ran nothing, or whose launches failed. */
function isDoubtful({ state, jobs, reason }: Row): boolean {
  return state === 'completed' && (jobs === 0 || (reason !== null && reason.category !== 'success'));
}

function whyOf(row: Row, state: WorkloadState, region: Region | undefined): string {
  const { reason, note, silentSince } = row;
  const lost =
    state === 'unknown' && row.state !== 'unknown' && !hasEnded(row)
      ? [`${row.state} when seen last, ${stamp(region?.asOf)}`]
      : [];
  const known = reason
    ? [row.state === 'failed' ? `${reason.category}: ${reason.line}` : reason.line]
    : row.state === 'unknown'
      ? [`says ${row.said}`]
      : [];
  const silent = silentSince ? [`no heartbeat since ${stamp(silentSince)}`] : [];
  return oneLine([...lost, ...known, ...silent, ...(note ? [`(${note})`] : [])].join(' '));
}

/** What keeps a table from being whole and new, region by region. */
export function silencesInWords({ regions }: Snapshot, now: Date): string[] {
  const all = inOrder(regions);
  const more = all.filter(([, region]) => isCurrent(region) && region.more).map(([place]) => place);
  return [
    ...silentOf(all, now),
    ...(more.length > 0 ? [paint.yellow(`! more than were read: ${placesIn(more)}`)] : []),
    ...closedOf(all),
  ];
}

/** How old the regions are that answer. */
export function agesInWords({ regions }: Snapshot, now: Date): string[] {
  const answering = inOrder(regions).filter(([, region]) => isCurrent(region));
  return [...Map.groupBy(answering, ([, { asOf }]) => asOf?.getTime() ?? 0)].map(([at, those]) =>
    paint.dim(`as of ${relative(new Date(at), now)}: ${placesIn(those.map(([place]) => place))}`),
  );
}

/** Since when all regions that answer are as they are; `null` where they differ, or none answers. */
export function ageOfAll({ regions }: Snapshot): Date | null {
  const [first, ...others] = Object.values(regions).filter(isCurrent);
  const at = first?.asOf ?? null;
  return others.every(({ asOf }) => asOf?.getTime() === at?.getTime()) ? at : null;
}

function inOrder(regions: Snapshot['regions']): [string, Region][] {
  return Object.entries(regions).sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Those without an answer; what silences several at once is told once. */
function silentOf(all: readonly [string, Region][], now: Date): string[] {
  const silent = all.filter(([, { state }]) => state === 'failed' || state === 'skipped');
  const alike = Map.groupBy(silent, ([, { state, since, asOf, error }]) =>
    JSON.stringify([state, since, asOf, error]),
  );
  return [...alike.values()].flatMap((those) => {
    const [first] = those;
    return first
      ? [
          silence(
            those.map(([place]) => place),
            first[1],
            now,
          ),
        ]
      : [];
  });
}

function silence(places: readonly string[], { state, since, asOf, error }: Region, now: Date): string {
  const last = asOf ? `, seen ${relative(asOf, now)}` : ', never seen';
  const seldom = state === 'skipped' ? ', asked seldom' : '';
  const why = error ? `: ${error}` : '';
  return paint.yellow(
    oneLine(`! ${placesIn(places)}: no answer since ${stamp(since)}${last}${seldom}${why}`),
  );
}

/** Regions whose API is off or that are closed, which is no failure. */
function closedOf(all: readonly [string, Region][]): string[] {
  const closed = all.filter(([, { state }]) => state === 'unavailable');
  return [...Map.groupBy(closed, ([, { error }]) => error)].map(([error, those]) =>
    paint.dim(
      oneLine(`- not available: ${placesIn(those.map(([place]) => place))}${error ? `: ${error}` : ''}`),
    ),
  );
}

function placesIn(places: readonly string[]): string {
  return oneLine(places.join(', '));
}
