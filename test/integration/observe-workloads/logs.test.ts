import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { REFRESH_LIMITS } from '../../../functions/observe-workloads/refresh/limits.ts';
import type { Workloads } from '../../../functions/shared/cloud/workloads/open-workloads.ts';
import { MINUTE_MS, SECOND_MS } from '../../../functions/shared/dates.ts';
import { execution, freshObserver, logged } from '../../support/observer.ts';
import { SOAK_ONLY } from '../../support/soak.ts';
import { noon } from '../../support/workloads.ts';

const FAILED = { endedAt: noon(-1), state: 'failed' } as const;
const COUNT = 15;
/** Rounds of 5 s each that are over within 15 s, with time to spare for the rows. */
const ROUNDS = 2;

/** Fifteen runners that failed, each for a reason of its own. */
function failedRunners() {
  const names = Array.from({ length: COUNT }, (_, index) => `agent-${index}`);
  return {
    executions: names.map((name) => execution(name, FAILED)),
    logs: names.map((name) => logged(name, `train.py: error: unrecognized arguments: --${name}`)),
  };
}

/**
 * Holds the logs back: all that are asked for side by side are let go at once, when no more can come. Resolves with how many each
 * round had, in order.
 */
function inRounds(platform: Workloads, left: number, sideBySide: number) {
  const rounds: number[] = [];
  let waiting: (() => void)[] = [];
  const begin = Promise.withResolvers<void>();
  const gate = async () => {
    begin.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    if (waiting.length === Math.min(sideBySide, left)) {
      left -= waiting.length;
      rounds.push(waiting.length);
      for (const go of waiting) go();
      waiting = [];
    }
    await promise;
  };
  const held: Workloads = {
    openOthers: platform.openOthers,
    async open(limitMs, signal) {
      const readers = await platform.open(limitMs, signal);
      return new Map(
        [...readers].map(([table, reader]) => [
          table,
          {
            ...reader,
            async linesOf(row, limits) {
              await gate();
              return reader.linesOf(row, limits);
            },
          },
        ]),
      );
    },
  };
  return { held, rounds, begun: begin.promise };
}

describe('fifteen failed runners', () => {
  test('have their reasons after two rounds of readings, and no log is read again, not even by another instance', async (context) => {
    const observer = await freshObserver(context);
    Object.assign(observer.world, failedRunners());
    const { held, rounds, begun } = inRounds(observer.platform, COUNT, Math.ceil(COUNT / ROUNDS));
    const meanwhile = begun.then(() => observer.stored('runner'));
    const { logs } = await observer.refreshWith({ workloads: held });
    assert.deepEqual([logs.read, rounds], [COUNT, [8, 7]]);
    assert.deepEqual(
      (await meanwhile).rows.map(({ note }) => note).sort(),
      Array.from({ length: COUNT }, (_, at) => `reading the log (${at + 1} of ${COUNT})`).sort(),
    );
    const { rows } = await observer.stored('runner');
    for (const { name, reason } of rows)
      assert.match(reason?.line ?? '', new RegExp(`unrecognized arguments: --${name}$`));
    assert.equal(rows.length, COUNT);
    for (const restarts of [false, true]) {
      if (restarts) observer.restart();
      observer.pass(5 * MINUTE_MS);
      await observer.refresh();
    }
    assert.equal(observer.logReads(), COUNT);
  });

  test('have their reasons in less than 15 s while each reading takes 5 s', SOAK_ONLY, async (context) => {
    const observer = await freshObserver(context, { limits: REFRESH_LIMITS });
    Object.assign(observer.world, failedRunners());
    observer.apis.faults.add({ method: 'entries.list', fault: { kind: 'latency', ms: 5 * SECOND_MS } });
    const begun = performance.now();
    const { logs } = await observer.refresh();
    const seconds = (performance.now() - begun) / SECOND_MS;
    context.diagnostic(`${seconds.toFixed(2)} s`);
    assert.equal(logs.read, COUNT);
    assert.ok(seconds < 15, String(seconds));
  });
});

describe('the readings of logs', () => {
  test('are at most 20 a minute, also where each answers with a page that has no entry', async (context) => {
    const observer = await freshObserver(context);
    const { executions } = failedRunners();
    observer.world.executions = [
      ...executions,
      ...Array.from({ length: 10 }, (_, i) => execution(`b-${i}`, FAILED)),
    ];
    const change = (body: Record<string, unknown>) => {
      delete body.entries;
      body.nextPageToken = Buffer.from('page-2-0').toString('base64url');
    };
    observer.apis.faults.add({ method: 'entries.list', fault: { kind: 'changed', change } });
    for (let seconds = 0; seconds < 60; seconds += 10) {
      await observer.refresh();
      observer.pass(10 * SECOND_MS);
    }
    assert.equal(observer.logReads(), 20);
    assert.match(
      (await observer.stored('runner')).rows[0]?.note ?? '',
      /^log not read: .*no entry on the first/,
    );
  });
});
