import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/shared/dates.ts';
import type { Truth } from '../../functions/shared/model/job/backend.ts';
import type { Job } from '../../functions/shared/model/job/job.ts';
import { type Sighting, sightingOf } from '../../functions/shared/model/job/sighting.ts';
import type { Suspect, Verdict } from '../../functions/shared/model/job/sweep.ts';
import {
  isHeld,
  isNewlyStale,
  selfPreservation,
  tooManyGone,
} from '../../functions/shared/model/job/verdict/guard.ts';
import { verdictOf } from '../../functions/shared/model/job/verdict/verdict.ts';
import type { Channel } from '../../functions/shared/model/report/channel-reading.ts';
import { sightingAfter } from '../../functions/sweep-stale-jobs/rules/remember.ts';
import { jobOf } from './jobs.ts';
import { lifeOf } from './sweep-lives.ts';
import {
  acceptedAt,
  BACKEND_LAG_MS,
  canBeFound,
  HABITS,
  type Habit,
  type Instant,
  type Item,
  isActive,
  isForgotten,
  LIMITS,
  read,
  type Span,
  settle,
  type Troubles,
  truthOf,
  within,
} from './sweep-world.ts';

/** Sweeps a virtual platform as the task does: read, ask, judge, guard, write with a precondition. */

/** What can be taken away, to see that the simulation notices. */
export interface Rules {
  verdictOf: typeof verdictOf;
  selfPreservation: typeof selfPreservation;
  isHeld: typeof isHeld;
  tooManyGone: typeof tooManyGone;
  sightingOf: typeof sightingOf;
  sightingAfter: typeof sightingAfter;
  channelAt: typeof channelAt;
  /** Whether the store refuses a write to a record that has changed since it was read. */
  precondition: boolean;
}

export const RULES: Rules = {
  verdictOf,
  selfPreservation,
  isHeld,
  tooManyGone,
  sightingOf,
  sightingAfter,
  channelAt,
  precondition: true,
};

/** What went wrong, a line each, and how often what had to happen did. */
export interface Findings {
  /** A job that really ran, or was about to, was ended. */
  liveEnded: string[];
  /** A record that had just been ended by its own side was written over. */
  overwritten: string[];
  /** The sweep wrote another end than the one that a backend or an execution told, or an earlier one than it had heard. */
  wrongEnd: string[];
  /** A dead one outlived the second sweep that could have ended it. */
  late: string[];
  /** A dead one that nobody can find was not told. */
  untold: string[];
  seen: Record<string, number>;
}

const START = Date.UTC(2026, 2, 9);
const INTERVAL_MS = 10 * MINUTE_MS;
/** From reading the records to the last answer of a backend, at most. */
const ASKING_MS = 2 * MINUTE_MS;
/** A clock in another zone hides for as long as it is ahead; and a record is old only `maxRuntime` after its write. */
const OFF_MS = 18 * HOUR_MS;
/** A rule that says of a dead one why nobody can tell, or that it was stopped on purpose. */
const TELLS = [
  ...['unreadable', 'gone-unplaced', 'gone-suspended', 'another-try', 'clock-off', 'backend-unknown'],
  ...['suspended', 'backend-suspended', 'execution-active', 'job-unreadable'],
];
/** So many 404s at once may be a mistake. */
const FEWEST_DOUBTED = 5;
/** A backend that forgets is asked of so many at least, for of some of them it does not answer at all. */
const FEWEST_FORGOTTEN = 8;
/** The longest life there is, its `maxRuntime`, and time to find it dead. */
const AFTERWARDS_H = 48;

/** Runs `jobs` jobs over `hours`, and sweeps until the last of them must have been ended. */
export function simulate(
  jobs: number,
  hours: number,
  random: () => number,
  rules: Rules = RULES,
  habits: readonly Habit[] = HABITS,
): Findings {
  const troubles = troublesOf(hours, random);
  if (habits.some(({ reports }) => reports)) troubles.cuts = cutsOf(hours, random);
  const findings: Findings = { liveEnded: [], overwritten: [], wrongEnd: [], late: [], untold: [], seen: {} };
  const platforms = habits.map((habit): Platform => {
    const lives = Array.from({ length: jobs / habits.length }, (_, index) => {
      const bornAt = START + Math.floor(random() * hours * HOUR_MS);
      return lifeOf(`${habit.name}-${index}`, habit, bornAt, troubles, random);
    });
    const items = lives.flatMap((item) => [item, ...item.executions]);
    return { habit, items, sweptAt: null, backendKnown: false, sightings: new Map() };
  });
  for (const at of sweepsOf(hours + AFTERWARDS_H, troubles, random))
    for (const platform of platforms) sweep(platform, at, { troubles, random, rules, findings });
  for (const { items } of platforms) {
    const doubted = doubtedOf(items);
    for (const item of items.filter(isActive))
      if (canBeFound(item) && !doubted.has(item))
        findings.late.push(`${item.name} was never ended: ${item.rule}`);
      else if (TELLS.includes(item.rule ?? '')) findings.seen.told = (findings.seen.told ?? 0) + 1;
      else findings.untold.push(`${item.name}: ${item.rule}`);
  }
  return findings;
}

/** Those of which a backend knows nothing, where they are so many that it is told to a person and not believed. */
function doubtedOf(items: readonly Item[]): ReadonlySet<Item> {
  const forgotten = items.filter((item) => isActive(item) && isForgotten(item.tries.at(-1)));
  const unknown = forgotten.filter(({ rule }) => rule === 'backend-unknown');
  return new Set(unknown.length < FEWEST_DOUBTED ? [] : unknown);
}

interface Platform {
  habit: Habit;
  items: Item[];
  sweptAt: Instant | null;
  backendKnown: boolean;
  sightings: Map<Item, Sighting>;
}

interface Tools {
  troubles: Troubles;
  random: () => number;
  rules: Rules;
  findings: Findings;
}

/** One sweep of one source; between reading, asking and writing, the platform goes on. */
function sweep(platform: Platform, readAt: Instant, tools: Tools): void {
  const { troubles, random, rules } = tools;
  const askedAt = readAt + Math.floor(random() * ASKING_MS);
  const wroteAt = askedAt + Math.floor(random() * 3 * MINUTE_MS);
  // A run begins before it reads, and dates by that.
  const now = new Date(readAt);

  for (const item of platform.items) settle(item, readAt);
  const active = platform.items.filter(isActive);
  const suspects = active
    .filter((item) => isSuspect(item, readAt) || random() < 0.05)
    .map((item) => ({ item, version: item.version, suspect: suspectOf(item) }));

  const truths = new Map<Item, Truth>();
  const asked = suspects.filter(({ suspect }) => suspect.job.backendId).length;
  const faults = asked < FEWEST_FORGOTTEN ? { ...troubles, amnesias: [] } : troubles;
  for (const { item, suspect } of suspects) {
    const { backendId } = suspect.job;
    const truth = backendId ? truthOf(item, backendId, askedAt, faults, random()) : undefined;
    if (truth) truths.set(item, truth);
    const runs = truth?.state === 'running' && backendId === item.tries.at(-1)?.id;
    // Of one that was looked at by chance and is not silent, the next sweep remembers nothing.
    if (runs && isSuspect(item, readAt)) item.heardAt = askedAt;
  }
  const channel = rules.channelAt(platform.habit, troubles, askedAt);
  const cutOff = channel && askedAt - acceptedAt(troubles, askedAt) > LIMITS.staleAfterMs;
  const mistaken = rules.tooManyGone(truths.values());
  if (mistaken) count(tools, 'mass 404s');
  platform.backendKnown ||= [...truths.values()].some(({ state }) => state !== 'gone' && state !== 'unknown');
  const sightings = new Map<Item, Sighting>();
  const judged = suspects.map(({ item, version, suspect: read }) => {
    const truth = believed(truths.get(item), mistaken);
    const sighting = rules.sightingOf(platform.sightings.get(item), read.job, read.writtenAt);
    const suspect = { ...read, truth, sighting, channel, backendKnown: platform.backendKnown };
    const verdict = rules.verdictOf(suspect, now);
    sightings.set(item, rules.sightingAfter(item.name, { suspect, verdict }, now));
    item.rule = verdict.rule;
    count(tools, verdict.rule);
    return { item, version, verdict, due: dueAt(item, truth, readAt) };
  });
  platform.sightings = sightings;

  const sweptAt = platform.sweptAt === null ? null : new Date(platform.sweptAt);
  const clock = { sweptAt, now, intervalMs: INTERVAL_MS };
  const newlyStale = judged.filter(({ verdict }) => isNewlyStale(verdict, clock)).length;
  const blind = rules.selfPreservation({ ...clock, newlyStale, active: active.length, complete: true });
  if (blind) count(tools, 'blind');
  for (const { item, version, verdict, due } of judged) {
    settle(item, wroteAt);
    if (rules.isHeld(verdict, clock, blind)) count(tools, 'held');
    else if ('state' in verdict) write(item, version, verdict, wroteAt, tools);
    if (cutOff) item.dueAt = null;
    if (blind || cutOff || due === null || due > readAt) continue;
    item.dueAt ??= readAt;
    // A second look at once is none.
    const second = item.dueAt + INTERVAL_MS + ASKING_MS <= readAt && due + INTERVAL_MS <= readAt;
    if (second && isActive(item))
      tools.findings.late.push(`${item.name}, due ${told(due)}, at ${told(readAt)}: ${verdict.because}`);
  }
  platform.sweptAt = readAt;
  platform.items = platform.items.filter((item) => isActive(item) || hasMore(item));
}

/** Whether its own side still has something to write. */
function hasMore({ sweptTo, next, arrivals }: Item): boolean {
  return !sweptTo && next < arrivals.length;
}

/** The store: it takes a write with a precondition on the version of the record, and notes what that did. */
function write(
  item: Item,
  version: number,
  verdict: Extract<Verdict, { state: string }>,
  at: Instant,
  tools: Tools,
): void {
  const { rules, findings } = tools;
  if (rules.precondition && item.version !== version) {
    count(tools, 'skippedRace');
    return;
  }
  const what = `${item.name} at ${told(at)}: ${verdict.rule}: ${verdict.because}`;
  const { outcome, endAt } = item.tries.at(-1) ?? { outcome: 'completed', endAt: 0 };
  const isOnItsWay = item.arrivals.slice(item.next).some(({ fields }) => fields.endedAt);
  if (at < item.overAt) findings.liveEnded.push(what);
  else if (!isActive(item)) findings.overwritten.push(what);
  else if (isOnItsWay && verdict.state !== outcome) findings.wrongEnd.push(what);
  else if (
    verdict.rule === 'backend-ended' &&
    (verdict.state !== outcome || (verdict.endedAt.getTime() !== endAt && item.startOffMs <= 0))
  )
    findings.wrongEnd.push(what);
  const { startedAt } = read(item);
  // Its executions wrote the end that they tell, by their own clocks.
  const clocks = verdict.rule === 'executions-ended' ? [item, ...item.executions] : [item];
  const isRight = clocks.every(({ offMs }) => offMs > -HOUR_MS && offMs < HOUR_MS / 2);
  const tooLate =
    verdict.endedAt.getTime() >
    (isRight && verdict.rule !== 'job-ended' ? item.overAt + 2 * BACKEND_LAG_MS : at);
  const tooEarly = startedAt && verdict.endedAt < startedAt && item.startOffMs <= 0;
  // One that beats again is asked about no more.
  const unheard =
    isRight && item.heardAt !== null && verdict.endedAt.getTime() < item.heardAt - LIMITS.staleAfterMs;
  if (tooLate || tooEarly || unheard) findings.wrongEnd.push(what);
  count(tools, `wrote ${verdict.kind}`);
  item.sweptTo = verdict.state;
  item.record = { ...item.record, state: verdict.state, endedAt: verdict.endedAt };
  item.writtenAt = at;
  item.version++;
}

/** Whether a query of the sweep finds it: it does not beat, or stands under a job that has ended. */
function isSuspect({ habit, record, parent }: Item, at: Instant): boolean {
  if (record.state === 'suspended') return true;
  if (!habit.beats || !record.heartbeatAt || (parent && !isActive(parent))) return true;
  const age = at - record.heartbeatAt.getTime();
  return age > LIMITS.staleAfterMs + LIMITS.graceMs || age < -5 * MINUTE_MS;
}

function suspectOf(item: Item): Suspect {
  const { habit, parent, executions } = item;
  const withWrite = (it: Item) => ({ ...read(it), writtenAt: new Date(it.writtenAt), added: addedTo(it) });
  return {
    job: read(item),
    writtenAt: new Date(item.writtenAt),
    rewrittenAt: item.version > 1 ? new Date(item.writtenAt) : null,
    limits: LIMITS,
    hasHeartbeat: habit.beats,
    timed: true,
    vital: [
      ...(['status', 'startedAt', 'endedAt'] as const),
      ...(habit.beats ? (['heartbeatAt'] as const) : []),
      ...(habit.backend ? (['backendId'] as const) : []),
    ],
    executions:
      habit.executions && !parent ? executions.filter(({ version }) => version > 0).map(withWrite) : null,
    parent: parent && { ...read(parent), writtenAt: new Date(parent.writtenAt) },
    truth: null,
    jobTruth: null,
    backendKnown: false,
    channel: null,
    sighting: null,
    endedBefore: null,
  };
}

/** What the sweep has written into a record. */
function addedTo({ sweptTo, writtenAt, name }: Item): Job['added'] {
  const { added } = jobOf({ id: name });
  if (!sweptTo) return added;
  const nobody = { backend: null, askedAt: null, said: null, by: null };
  const evidence = {
    verdict: 'lost',
    rule: 'silent',
    because: '',
    was: 'running',
    runId: '',
    fields: [],
  } as const;
  return { ...added, evidence: { ...evidence, ...nobody, fields: [], foundAt: new Date(writtenAt) } };
}

function believed(truth: Truth | undefined, mistaken: string | null): Truth | null {
  if (!truth || !mistaken || truth.state !== 'gone') return truth ?? null;
  return { ...truth, state: 'unknown', said: mistaken };
}

/** From when on a dead one should be found, by one who knows all; `null` where something is in the way. */
function dueAt(item: Item, truth: Truth | null, at: Instant): Instant | null {
  const { habit, overAt, record, executions, parent } = item;
  if (at < overAt || executions.some(isActive) || !canBeFound(item)) return null;
  if (parent && record.state === 'suspended') return null;
  const limit = LIMITS.staleAfterMs + LIMITS.graceMs;
  const isOff = [item, ...executions].some(({ offMs }) => Math.abs(offMs) > HOUR_MS / 2);
  if (!habit.beats && !habit.backend && !isOff)
    // Written so long after its start, it looks like a clock in another zone.
    return Math.max(Number(record.startedAt), item.writtenAt) + LIMITS.maxRuntimeMs;
  if (habit.backend && (!truth || ['unknown', 'queued', 'running', 'suspended'].includes(truth.state)))
    return null;
  if (isOff) return at < overAt + OFF_MS ? null : at - INTERVAL_MS;
  const told = habit.backend ? overAt + Math.max(BACKEND_LAG_MS, LIMITS.graceMs) : overAt;
  const signs = [item, ...executions].flatMap((it) => [it.record.heartbeatAt, it.record.endedAt].map(Number));
  // An execution is silent once its job is, too.
  const above = parent && isActive(parent) ? [parent.writtenAt, Number(parent.record.heartbeatAt)] : [];
  const silent = habit.beats ? Math.max(item.writtenAt, ...signs, ...above) : Number(record.startedAt);
  return Math.max(told, silent + limit);
}

/** At random times, at times in quick succession, and now and then not for long. */
function sweepsOf(hours: number, { silences }: Troubles, random: () => number): Instant[] {
  const end = START + hours * HOUR_MS;
  const off = spans(4, [40, 120], hours, random);
  const sweeps: Instant[] = [];
  const most = (at: Instant) => (at < end - (AFTERWARDS_H / 2) * HOUR_MS ? 14 : 24);
  for (let at = START; at < end; at += (random() < 0.1 ? 1 : 3 + random() * most(at)) * MINUTE_MS)
    if (!within(off, at)) sweeps.push(at);
  // While many fall silent, once more by a person who wonders, and while they come back.
  for (const [from, to] of silences)
    sweeps.push(from + 14 * MINUTE_MS, from + 16 * MINUTE_MS, to + (40 + random() * 20) * SECOND_MS);
  return sweeps.sort((a, b) => a - b);
}

/** Not in the first hours, when little runs. What a backend forgets, nobody would notice while it does not answer. */
function troublesOf(hours: number, random: () => number): Troubles {
  const times = Math.round(hours / 4);
  return {
    silences: spans(times, [16, 20], hours, random),
    outages: spans(times, [10, 90], hours, random),
    amnesias: spans(times, [25, 45], hours, random, 0.6),
    cuts: [],
  };
}

/** When the channel of the reports is cut off, for up to some hours. Between two that overlap nothing arrives: they are one. */
function cutsOf(hours: number, random: () => number): Span[] {
  const cuts: Span[] = [];
  for (const [from, to] of spans(Math.round(hours / 4), [12, 150], hours, random)) {
    const before = cuts.at(-1);
    if (before && from <= before[1]) cuts.splice(-1, 1, [before[0], Math.max(before[1], to)]);
    else cuts.push([from, to]);
  }
  return cuts;
}

/** What a sweep at `at` reads of the channel of a source. */
function channelAt({ name, reports }: Habit, troubles: Troubles, at: Instant): Channel | null {
  if (!reports) return null;
  const lastAcceptedAt = new Date(acceptedAt(troubles, at));
  return {
    record: { source: name, lastAcceptedAt, accepted: 1, falseLost: 0, created: {} },
    waiting: 1,
    unreadable: null,
  };
}

/** So many spans of so many minutes, one in each part of the time, from `phase` of it on. */
function spans(
  times: number,
  [least, most]: [number, number],
  hours: number,
  random: () => number,
  phase = 0,
): Span[] {
  const part = ((hours - 3) * HOUR_MS) / times;
  return Array.from({ length: times }, (_, index) => {
    const from = Math.floor(START + 3 * HOUR_MS + (index + phase + random() * 0.3) * part);
    return [from, from + Math.floor((least + random() * (most - least)) * MINUTE_MS)];
  });
}

function count({ findings: { seen } }: Tools, what: string): void {
  seen[what] = (seen[what] ?? 0) + 1;
}

function told(at: Instant): string {
  return new Date(at).toISOString();
}
