import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/shared/dates.ts';
import type { Job } from '../../functions/shared/model/job/job.ts';
import { type StoredReport, storedReportSchema } from '../../functions/shared/model/report/stored.ts';
import { NOTHING_ADDED } from './jobs.ts';
import {
  type Habit,
  type Instant,
  type Item,
  type Span,
  type Troubles,
  type Try,
  within,
} from './sweep-world.ts';

/** Draws the lives of jobs for the simulation of the sweep. */

const OUTCOMES = ['completed', 'completed', 'failed', 'cancelled'] as const;
/** How long a silence of one heart alone lasts, where a backend knows better. */
const HUNG_MS = 40 * MINUTE_MS;
/** In hours: of clocks on the wall whose times were written as if they were UTC. */
const ZONES = [-8, -5, -3.5, 1, 2, 5.5, 9];
const UNREADABLE = ['heartbeatAt', 'startedAt', 'backendId'] as const;

/** A job born at `bornAt`, with its executions. */
export function lifeOf(
  name: string,
  habit: Habit,
  bornAt: Instant,
  troubles: Troubles,
  random: () => number,
): Item {
  const draw = drawing(troubles, random);
  const item = draw.born(name, habit, bornAt);
  if (habit.executions) draw.executed(item);
  else draw.tried(item);
  for (const { arrivals } of [item, ...item.executions]) arrivals.sort((a, b) => a.at - b.at);
  return item;
}

function drawing({ silences, cuts }: Troubles, random: () => number) {
  const upTo = (ms: number) => Math.floor(random() * ms);
  const among = <T>(choice: readonly T[]): T => choice[upTo(choice.length)] as T;
  const arrive = (item: Item, at: Instant, fields: Item['arrivals'][number]['fields']) =>
    item.arrivals.push({ at, fields });
  /** Most clocks are right to two minutes; one in fifty is an hour ahead, one in twelve in another zone. */
  const clock = () =>
    random() < 1 / 12
      ? among(ZONES) * HOUR_MS
      : random() < 0.02
        ? HOUR_MS
        : upTo(4 * MINUTE_MS) - 2 * MINUTE_MS;
  /** Single beats are lost, but none beside a silence, which is long enough. */
  const calm = silences.map(([from, to]): Span => [from - 4 * MINUTE_MS, to + 4 * MINUTE_MS]);

  function born(name: string, habit: Habit, bornAt: Instant): Item {
    const offMs = habit.reports ? 0 : clock();
    const zoned = Math.abs(offMs) > HOUR_MS / 2;
    const item: Item = {
      name,
      habit,
      parent: null,
      executions: [],
      tries: [],
      bornAt,
      overAt: bornAt,
      offMs,
      startOffMs: zoned && random() < 0.5 ? offMs : 0,
      unreadable: !habit.reports && random() < 0.08 ? among(UNREADABLE) : null,
      arrivals: [],
      next: 0,
      record: {},
      writtenAt: bornAt,
      version: 0,
      sweptTo: null,
      dueAt: null,
      heardAt: null,
      rule: null,
    };
    arrive(item, bornAt, { state: 'queued', createdAt: new Date(bornAt) });
    return item;
  }

  const stamp = ({ startOffMs }: Item, at: Instant) => new Date(at + startOffMs);

  function start(item: Item, startAt: Instant, id: string): Try {
    const endAt = startAt + 30 * MINUTE_MS + upTo(3 * HOUR_MS);
    const outcome = among(OUTCOMES);
    const it: Try = {
      id,
      startAt,
      endAt,
      outcome,
      pauses: pausesOf(item, startAt, endAt),
      namesake: namesake(startAt),
      isLate: random() < 0.3,
    };
    item.tries.push(it);
    arrive(item, startAt + upTo(10 * SECOND_MS), { state: 'running', startedAt: stamp(item, startAt) });
    for (const [from, to] of it.pauses) {
      arrive(item, from + upTo(10 * SECOND_MS), { state: 'suspended' });
      if (to < endAt) arrive(item, to + upTo(10 * SECOND_MS), { state: 'running' });
    }
    return it;
  }

  /** One in ten is stopped on purpose for a while; some of those never go on. */
  function pausesOf({ habit, parent }: Item, startAt: Instant, endAt: Instant): Span[] {
    if (habit.reports || (habit.executions && !parent) || random() < 0.9) return [];
    const from = startAt + 5 * MINUTE_MS + upTo(endAt - startAt - 10 * MINUTE_MS);
    const to = from + 10 * MINUTE_MS + upTo(2 * HOUR_MS);
    return [[from, Math.min(to, endAt)]];
  }

  /** Numbers start again with each installation, or with each day. */
  function namesake(startAt: Instant): Try['namesake'] {
    if (random() < 0.9) return null;
    const agoMs = random() < 0.5 ? 9 * 365 * DAY_MS : 30 * MINUTE_MS + upTo(DAY_MS);
    const endAt = startAt - 20 * MINUTE_MS - agoMs;
    return { startAt: endAt - HOUR_MS, endAt, forEver: random() < 0.3 };
  }

  /** When a report that is sent at `at` arrives. */
  function delivered(at: Instant): Instant {
    const cut = cuts.find((one) => within([one], at));
    return cut ? cut[1] + upTo(5 * MINUTE_MS) : at + upTo(5 * SECOND_MS);
  }

  /** What an execution has told of itself so far arrives, as of `at`. */
  function report(
    item: Item,
    it: Try,
    at: Instant,
    more: Partial<StoredReport>,
    fields: Partial<Job> = {},
  ): void {
    const receivedAt = delivered(at);
    const told = { execution: it.id, host: 'h', clock: 'boot', state: 'running' } as const;
    const stored = storedReportSchema.parse({ ...told, receivedAt: new Date(receivedAt), ...more });
    arrive(item, receivedAt, { ...fields, added: { ...NOTHING_ADDED, report: stored } });
  }

  /** Beats while the channel works; one that is cut off beats as soon as it works again. One in two that die is found. */
  function reported(item: Item, it: Try): void {
    item.overAt = it.endAt;
    let last = it.startAt;
    for (let at = it.startAt; at < it.endAt; at += 50 * SECOND_MS + upTo(20 * SECOND_MS)) {
      const sentAt = Math.min(delivered(at), it.endAt - 1);
      if (sentAt > at + MINUTE_MS && !within(cuts, sentAt)) at = sentAt;
      if (within(cuts, at)) continue;
      last = at;
      report(item, it, at, { aliveAt: new Date(at) }, { heartbeatAt: new Date(at) });
    }
    const dies = random() < 0.3;
    const [aliveAt, endAt] = [new Date(last), new Date(it.endAt)];
    const goneAt = new Date(it.endAt + upTo(5 * MINUTE_MS));
    if (!dies)
      report(
        item,
        it,
        it.endAt,
        { aliveAt: endAt, state: it.outcome },
        { state: it.outcome, endedAt: endAt },
      );
    else if (random() < 0.5) report(item, it, goneAt.getTime(), { aliveAt, state: 'gone', goneAt });
  }

  /** The last end is written, late at times, or never. */
  function end(item: Item, { endAt, outcome }: Try): void {
    item.overAt = endAt;
    if (random() < 0.3) return;
    const late = item.habit.backend && random() < 0.8;
    const at = endAt + upTo(late ? 40 * MINUTE_MS : MINUTE_MS);
    arrive(item, at, { state: outcome, endedAt: stamp(item, endAt) });
  }

  function beat(item: Item, { startAt, endAt, pauses }: Try): void {
    const hungAt = item.habit.backend && random() < 0.2 ? startAt + upTo(endAt - startAt) : endAt;
    for (let at = startAt + upTo(MINUTE_MS); at < endAt; at += 50 * SECOND_MS + upTo(20 * SECOND_MS)) {
      const lost = random() < 0.05 && !within(calm, at);
      const hung = at >= hungAt && at < hungAt + HUNG_MS && !item.habit.flaw;
      if (lost || hung || within(silences, at) || within(pauses, at)) continue;
      arrive(item, at + upTo(20 * SECOND_MS), { heartbeatAt: new Date(at + item.offMs) });
    }
  }

  /** One process after the other until one is the last. */
  function tried(item: Item): void {
    for (let at = item.bornAt, count = 1; ; count++) {
      const it = start(item, at + upTo(10 * MINUTE_MS), `${item.name}-${count}`);
      // For a while the record still names the try before.
      if (item.habit.reports) {
        reported(item, it);
        return;
      }
      if (item.habit.backend) arrive(item, it.startAt + upTo(2 * MINUTE_MS), { backendId: it.id });
      if (item.habit.beats) beat(item, it);
      if (random() < 0.75) {
        end(item, it);
        return;
      }
      at = it.endAt + 10 * SECOND_MS + upTo(4 * MINUTE_MS);
      arrive(item, at, { state: 'queued' });
    }
  }

  /** A job that only starts executions, and beats when it does. */
  function executed(item: Item): void {
    let at = item.bornAt + upTo(5 * MINUTE_MS);
    arrive(item, at, { state: 'running', startedAt: stamp(item, at) });
    for (let left = 1 + upTo(3); left > 0; left--) {
      arrive(item, at, { heartbeatAt: stamp(item, at) });
      const execution = born(`${item.name}/${left}`, item.habit, at);
      execution.parent = item;
      const it = start(execution, at + upTo(2 * MINUTE_MS), execution.name);
      beat(execution, it);
      end(execution, it);
      item.executions.unshift(execution);
      item.tries.push(it);
      at = it.endAt + upTo(6 * MINUTE_MS);
    }
    end(item, item.tries.at(-1) as Try);
  }

  return { born, tried, executed };
}
