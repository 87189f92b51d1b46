import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TRUSTED_MS } from '../../../../functions/shared/model/workload/standing.ts';
import {
  clockLike,
  type Ended,
  lasted,
  linkOf,
  noneWords,
  refreshLine,
  seenAt,
  standingOf,
  trustIn,
  type WorkloadRegion,
  whyOf,
} from '../../../../functions/status/page/client/workloads/words.ts';
import { troubledWorld } from '../../../support/page/fixtures.ts';

const NOW = new Date('2026-03-04T12:00:00Z');
const NOW_MS = NOW.getTime();
const at = (ms: number) => new Date(NOW_MS + ms).toISOString();
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const region = (more: Partial<WorkloadRegion> = {}): WorkloadRegion => ({
  region: 'us-east4',
  state: 'ok',
  asOf: at(-20 * SECOND),
  error: null,
  since: null,
  more: false,
  ...more,
});
const running = {
  state: 'running',
  note: null,
  createdAt: at(-3 * HOUR),
  startedAt: at(-2 * HOUR),
  endedAt: null,
} as const;

describe('the workloads of the page', () => {
  test('last as long as they have by now, and end with how long they took', () => {
    assert.equal(lasted(running, region(), NOW_MS), '2 h 00 min 00 s');
    assert.equal(lasted(running, region(), NOW_MS + 65 * SECOND), '2 h 01 min 05 s');
    assert.equal(
      lasted({ ...running, state: 'queued', startedAt: null }, region(), NOW_MS),
      '3 h 00 min 00 s',
    );
    const ended = { ...running, state: 'failed', endedAt: at(-HOUR) } as const;
    assert.equal(lasted(ended, region({ state: 'failed', asOf: null }), NOW_MS), '1 h 00 min 00 s');
    assert.equal(lasted({ ...running, startedAt: null }, region(), NOW_MS), '3 h 00 min 00 s');
    assert.equal(lasted({ ...running, startedAt: null, createdAt: null }, region(), NOW_MS), null);
    assert.equal(lasted({ ...running, startedAt: at(2 * SECOND) }, region(), NOW_MS), '0 s');
  });

  test('do not last on where their region is not heard of, or was not asked for long', () => {
    const silent = region({ state: 'failed', asOf: at(-10 * MINUTE) });
    const before = lasted(running, silent, NOW_MS);
    assert.equal(before, 'at least 1 h 50 min 00 s');
    assert.equal(lasted(running, silent, NOW_MS + HOUR), before);
    const unasked = region({ asOf: at(-TRUSTED_MS - 1) });
    assert.equal(lasted(running, unasked, NOW_MS + HOUR), lasted(running, unasked, NOW_MS));
    assert.equal(lasted(running, region({ state: 'failed', asOf: null }), NOW_MS), null);
    assert.equal(lasted(running, undefined, NOW_MS), null);
    const unlisted = { ...running, note: 'not listed any more: HTTP 403' };
    assert.deepEqual(standingOf(unlisted, region(), NOW_MS), { state: 'unknown', ms: null, atLeast: false });
  });

  test('are believed for as long as their region was seen lately', () => {
    assert.equal(trustIn(region(), NOW_MS), 'now');
    assert.equal(trustIn(region({ state: 'skipped' }), NOW_MS), 'lately');
    assert.equal(trustIn(region({ asOf: at(-TRUSTED_MS) }), NOW_MS), 'now');
    assert.equal(trustIn(region({ asOf: at(-TRUSTED_MS - 1) }), NOW_MS), 'old');
    assert.equal(trustIn(region({ asOf: null }), NOW_MS), 'old');
    assert.equal(trustIn(undefined, NOW_MS), 'old');
  });

  test('tell durations to the second up to two days', () => {
    const told = [-5, 0, 9_999, 60_000, HOUR - 1, HOUR, 48 * HOUR - 1, 76 * HOUR].map(clockLike);
    assert.deepEqual(told, [
      ...['0 s', '0 s', '9 s', '1 min 00 s', '59 min 59 s'],
      ...['1 h 00 min 00 s', '47 h 59 min 59 s', '3 d 4 h'],
    ]);
  });

  test('say why they ended; what ended well without having done anything wants a look', () => {
    const reason = (line: string, category: string) => ({ line, category, source: 'log', rule: 'r' });
    const none = { reason: null, note: null, jobs: null };
    const look = (more: Partial<Ended>) => {
      const why = whyOf({ state: 'completed', ...none, ...more });
      return [why.words, why.category, why.note, why.look];
    };
    assert.deepEqual(look({ jobs: 3 }), ['Completed: 3 jobs', '', null, false]);
    assert.deepEqual(look({ jobs: 0 }), ['Completed: 0 jobs', '', null, true]);
    const launches = reason('Completed: 2 jobs, 1 launch failed: 403', 'success');
    assert.deepEqual(look({ jobs: 2, reason: launches }), [launches.line, '', null, true]);
    assert.deepEqual(look({}), [null, '', null, false]);
    const failed = (more: Partial<Ended>) => look({ state: 'failed', ...more });
    assert.deepEqual(failed({}), [null, '', 'no reason found', false]);
    assert.deepEqual(failed({ note: 'log not read yet' }), [null, '', 'log not read yet', false]);
    assert.deepEqual(failed({ reason: reason('x', 'oom') }), ['x', 'oom', null, false]);
    assert.deepEqual(failed({ reason: reason('x', 'unknown') }), ['x', 'cause not recognised', null, false]);
    assert.deepEqual(look({ state: 'cancelled', reason: reason('Cancelled', 'cancelled') }), [
      ...['Cancelled', '', null, false],
    ]);
  });

  test('link to their platform, and to nothing that is no address of the web', () => {
    assert.equal(linkOf('https://console.cloud.google.com/run/x')?.word, 'Console');
    assert.equal(linkOf('https://wandb.ai/acme/x')?.word, 'W&B');
    assert.equal(linkOf('https://wandb.acme.test/x')?.word, 'wandb.acme.test');
    for (const link of ['javascript:alert(1)', 'data:text/html,x', 'x', '', null])
      assert.equal(linkOf(link), null);
  });

  test('are as old as the oldest region that answers; nothing is said of what was not seen', () => {
    const old = region({ asOf: at(-HOUR), state: 'failed' });
    assert.equal(seenAt([region(), region({ asOf: at(-MINUTE) }), old]), NOW_MS - MINUTE);
    assert.equal(seenAt([old, region({ state: 'failed', asOf: null })]), NOW_MS - HOUR);
    assert.equal(seenAt([]), null);
    const closed = region({ state: 'unavailable', asOf: null });
    const words = [
      [],
      [closed],
      [region({ state: 'failed', asOf: null })],
      [region(), closed],
      [region(), old],
    ];
    assert.deepEqual(
      words.map((regions) => noneWords({ regions, place: 'region' })),
      [
        'Not asked yet: observe-workloads does so.',
        'Not available in any region.',
        'No region has answered yet.',
        'None right now.',
        'None in the regions that answer.',
      ],
    );
    const unseen = [region({ region: 'acme/vision', state: 'failed', asOf: null })];
    assert.equal(noneWords({ regions: unseen, place: 'project' }), 'No project has answered yet.');
  });

  test('are fetched until their refresh has ended, or can be under way no more', () => {
    const { refresh } = troubledWorld(NOW).workloads;
    assert.ok(refresh);
    assert.deepEqual(refreshLine(refresh, NOW_MS), {
      words: 'Fetching for 6 s: 9 of 10 calls answered.',
      calls: ['Waits for vertex: customJobs.list (us-east4), at connection, 5 s'],
      tone: 'busy',
    });
    assert.equal(refreshLine(refresh, NOW_MS + HOUR).words, 'The last refresh did not end.');
    const hung = { ...refresh, liveUntil: null, hung: refresh.progress?.pending ?? [] };
    const gaveUp = ['Gave up vertex: customJobs.list (us-east4), at connection'];
    assert.deepEqual(refreshLine(hung, NOW_MS), { words: '', calls: gaveUp, tone: 'stale' });
    assert.equal(refreshLine({ ...hung, hung: [] }, NOW_MS).tone, 'calm');
    const slow = [{ table: 'vertex' as const, times: 3, region: 'us-east4', ms: 11_200 }];
    assert.deepEqual(refreshLine({ ...hung, hung: [], slow }, NOW_MS), {
      words: '',
      calls: ['Slow 3 times in a row: vertex (us-east4), 11 s'],
      tone: 'stale',
    });
    assert.equal(refreshLine(null, NOW_MS).words, 'Not refreshed yet.');
  });
});
