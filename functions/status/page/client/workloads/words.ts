import { DAY_MS, HOUR_MS, SECOND_MS } from '../../../../shared/dates.ts';
import { duration, plural } from '../../../../shared/figures.ts';
import { isCurrent } from '../../../../shared/model/workload/life.ts';
import { type Standing, standingAt, TRUSTED_MS } from '../../../../shared/model/workload/standing.ts';
import type { WorkloadAnswer, WorkloadsAnswer, WorkloadTableAnswer } from '../../../api/workload-schemas.ts';

/** What the workload tables say, worked out from the instants that are stored, at the time of whoever looks. */

export type WorkloadRegion = WorkloadTableAnswer['regions'][number];
type Refresh = NonNullable<WorkloadsAnswer['refresh']>;
type Call = Refresh['hung'][number];

/** In the order in which their counts stand. */
export const STATES = [
  'running',
  'queued',
  'suspended',
  'completed',
  'failed',
  'cancelled',
  'unknown',
] as const satisfies readonly WorkloadAnswer['state'][];

/** The name of a row, which no other of its table has. */
export function rowKey({ region, id }: Pick<WorkloadAnswer, 'region' | 'id'>): string {
  return `${region}/${id}`;
}

/**
 * How far what a region says may be believed at `nowMs`: it is `now`; or it was so `lately`, for the region gave no answer since;
 * or it is `old`, also where nobody asked it.
 */
export function trustIn(
  region: Pick<WorkloadRegion, 'state' | 'asOf'> | undefined,
  nowMs: number,
): 'now' | 'lately' | 'old' {
  const seenMs = Date.parse(region?.asOf ?? '');
  if (!region || Number.isNaN(seenMs) || nowMs - seenMs > TRUSTED_MS) return 'old';
  return isCurrent(region) ? 'now' : 'lately';
}

/** A row as far as it tells how its workload stands. */
export type Life = Pick<WorkloadAnswer, 'state' | 'note' | 'createdAt' | 'startedAt' | 'endedAt'>;

/** How a workload stands at `nowMs`, by the rule that the command line goes by, too. */
export function standingOf(
  { state, note, createdAt, startedAt, endedAt }: Life,
  region: Pick<WorkloadRegion, 'state' | 'asOf'> | undefined,
  nowMs: number,
): Standing {
  const row = {
    state,
    note,
    createdAt: dateOf(createdAt),
    startedAt: dateOf(startedAt),
    endedAt: dateOf(endedAt),
  };
  const seen = region && { state: region.state, asOf: dateOf(region.asOf) };
  return standingAt(row, seen, new Date(nowMs));
}

function dateOf(instant: string | null): Date | null {
  return instant === null ? null : new Date(instant);
}

/** How long it has lasted so far, or lasted at least; `null` where nobody knows. */
export function lasted(
  row: Life,
  region: Pick<WorkloadRegion, 'state' | 'asOf'> | undefined,
  nowMs: number,
): string | null {
  const { ms, atLeast } = standingOf(row, region, nowMs);
  return ms === null ? null : `${atLeast ? 'at least ' : ''}${clockLike(ms)}`;
}

/** A duration to the second, as what ticks is read: `12 s`, `3 min 05 s`, `2 h 05 min 09 s`; from two days on by hours. */
export function clockLike(ms: number): string {
  if (ms >= 2 * DAY_MS) return duration(ms);
  const seconds = Math.max(0, Math.floor(ms / SECOND_MS));
  const two = (count: number) => String(count % 60).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return `${seconds} s`;
  if (ms < HOUR_MS) return `${minutes} min ${two(seconds)} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes)} min ${two(seconds)} s`;
}

/** What a row says of its end. `look`: it ended well by its platform's word alone, and wants a look. */
export interface Why {
  words: string | null;
  /** What it is about; empty where that is not known, or says nothing more. */
  category: string;
  note: string | null;
  look: boolean;
}

/** What is known of the end of a workload. */
export type Ended = Pick<WorkloadAnswer, 'state' | 'reason' | 'note' | 'jobs'>;

/** Why a workload ended as it did, or why that is not known. */
export function whyOf({ state, reason, note, jobs }: Ended): Why {
  const counted = jobs === null ? null : `Completed: ${plural(jobs, 'job')}`;
  const words = reason?.line ?? counted;
  return {
    words,
    category: categoryOf(state, reason),
    note: words === null && note === null && state === 'failed' ? 'no reason found' : note,
    look: state === 'completed' && (jobs === 0 || isDoubtful(reason)),
  };
}

/** Whether a reason speaks against a good end: a runner of whose launches some failed exits with 0 all the same. */
function isDoubtful(reason: Ended['reason']): boolean {
  return reason !== null && (reason.category !== 'success' || /\bfailed\b/.test(reason.line));
}

function categoryOf(state: Ended['state'], reason: Ended['reason']): string {
  if (!reason || reason.category === 'success' || reason.category === state) return '';
  return reason.category === 'unknown' ? 'cause not recognised' : reason.category;
}

/** The page of a platform about a workload, with the word for it; `null` for what is no address of the web. */
export function linkOf(link: string | null): { href: string; word: string } | null {
  const url = link !== null && URL.canParse(link) ? new URL(link) : null;
  if (!url || !['https:', 'http:'].includes(url.protocol)) return null;
  const isWandb = url.hostname === 'wandb.ai' || url.hostname.endsWith('.wandb.ai');
  const word = url.hostname === 'console.cloud.google.com' ? 'Console' : isWandb ? 'W&B' : url.hostname;
  return { href: url.href, word };
}

/** Since when what answers is as it is; of the region that was seen longest ago. `null` where none ever answered. */
export function seenAt(regions: readonly WorkloadRegion[]): number | null {
  const known = regions.filter(({ asOf }) => asOf !== null);
  const answering = known.filter(({ state }) => state === 'ok');
  const instants = (answering.length > 0 ? answering : known).map(({ asOf }) => Date.parse(asOf ?? ''));
  return instants.length > 0 ? Math.min(...instants) : null;
}

/** What stands in place of rows where there are none: nothing is said of what was not seen. */
export function noneWords({ regions, place }: Pick<WorkloadTableAnswer, 'regions' | 'place'>): string {
  const available = regions.filter(({ state }) => state !== 'unavailable');
  if (regions.length === 0) return 'Not asked yet: observe-workloads does so.';
  if (available.length === 0) return `Not available in any ${place}.`;
  if (available.every(({ asOf }) => asOf === null)) return `No ${place} has answered yet.`;
  return available.every(({ state }) => state === 'ok')
    ? 'None right now.'
    : `None in the ${place}s that answer.`;
}

/** The title of the column with the regions of a table, or with what it has in their place. */
export function placeTitle({ place }: Pick<WorkloadTableAnswer, 'place'>): string {
  return place === 'region' ? 'Region' : 'Project';
}

/** What is being fetched right now, or what the last refresh came to. */
export interface RefreshLine {
  words: string;
  /** Calls that are waited for, or were given up on. */
  calls: string[];
  tone: 'calm' | 'busy' | 'stale';
}

/** The last refresh as it stands at `nowMs`. */
export function refreshLine(refresh: WorkloadsAnswer['refresh'], nowMs: number): RefreshLine {
  if (refresh === null) return { words: 'Not refreshed yet.', calls: [], tone: 'calm' };
  const { startedAt, liveUntil, progress, hung, slow } = refresh;
  const since = clockLike(nowMs - Date.parse(startedAt));
  const gaveUp = [
    ...hung.map((call) => `Gave up ${callWords(call)}`),
    ...slow.map(
      ({ table, times, region, ms }) =>
        `Slow ${times} times in a row: ${table}${region ? ` (${region})` : ''}, ${clockLike(ms)}`,
    ),
  ];
  if (liveUntil === null) return { words: '', calls: gaveUp, tone: gaveUp.length > 0 ? 'stale' : 'calm' };
  if (Date.parse(liveUntil) <= nowMs)
    return { words: 'The last refresh did not end.', calls: gaveUp, tone: 'stale' };
  const waits = (progress?.pending ?? []).map(
    (call) => `Waits for ${callWords(call)}, ${clockLike(nowMs - Date.parse(call.since))}`,
  );
  const done = progress ? `: ${progress.answered} of ${plural(progress.asked, 'call')} answered` : '';
  return { words: `Fetching for ${since}${done}.`, calls: waits, tone: 'busy' };
}

function callWords({ table, operation, region, stage }: Call): string {
  return `${table ? `${table}: ` : ''}${operation}${region ? ` (${region})` : ''}, at ${stage}`;
}
