import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sleep } from '../../../functions/shared/concurrency.ts';
import type { Fault } from '../../../scripts/stack/stand-ins/google/faults.ts';
import { ask, KINDS, NOW, statesOf } from '../../support/backends.ts';
import { rejection } from '../../support/google.ts';

const PROXY = '<html><head><title>404 Not Found</title></head><body>nginx</body></html>';

const PROXIES = [
  PROXY,
  '404 page not found',
  '{"message": "no Route matched with those values"}',
  '{"detail": "Not Found"}',
  '{"status": 404, "error": "Not Found", "path": "/jobs/job-none"}',
  '{"error": {"code": 404, "message": "Method not found.", "status": "NOT_FOUND"}}',
];

type Case = [what: string, fault: Fault, said: RegExp];

/** What spoils every answer. */
interface Spoilt {
  /** The kinds of backend of which it is shown. */
  kinds: readonly string[];
  /** Nothing can be asked. */
  outages: Case[];
  /** Each answer is about one job, and nobody can read it. */
  unreadable: Case[];
}

const SPOILT: Spoilt[] = [
  {
    kinds: Object.keys(KINDS),
    outages: [
      ['answers 403', { kind: 'denied' }, /HTTP 403/],
      ['answers 503', { kind: 'status', status: 503 }, /HTTP 503/],
    ],
    unreadable: [
      ['refuses the question', { kind: 'status', status: 400 }, /HTTP 400/],
      ['answers JSON of another form', { kind: 'malformed', text: '[]' }, /Cannot read/],
      ['answers an empty object', { kind: 'malformed', text: '{}' }, /Cannot read/],
    ],
  },
  {
    // One of each of the two clients.
    kinds: ['vertex-ai', 'http'],
    outages: [
      [
        'answers 429 and wants to be left alone for a minute',
        { kind: 'status', status: 429, retryAfter: '60' },
        /HTTP 429/,
      ],
      ['breaks off in the middle of its answer', { kind: 'truncated' }, /connection failed|Cannot read/],
      ['closes the connection', { kind: 'reset' }, /the connection failed/],
    ],
    unreadable: [
      ['redirects', { kind: 'status', status: 302 }, /HTTP 302/],
      ["answers with a proxy's page", { kind: 'malformed', text: PROXY }, /Cannot read/],
      ['answers JSON without an end', { kind: 'malformed', text: '['.repeat(50_000) }, /Cannot read/],
    ],
  },
  {
    // Statuses are told apart in one place.
    kinds: ['http'],
    outages: [401, 408, 429, 500].map((status) => [
      `answers ${status}`,
      { kind: 'status', status },
      new RegExp(`HTTP ${status}`),
    ]),
    unreadable: [
      ['answers 422', { kind: 'status', status: 422 }, /HTTP 422/],
      ['answers what is no JSON', { kind: 'malformed' }, /Cannot read/],
    ],
  },
];

for (const [kind, start] of Object.entries(KINDS))
  describe(`a backend of kind ${kind}`, () => {
    const spoilt = SPOILT.filter(({ kinds }) => kinds.includes(kind));

    test('tells the truth about every job, and when it was asked', async (context) => {
      const { backend, ids, requests } = await start(context, 9);
      const truths = await ask(backend, [...ids, ...ids]);
      assert.deepEqual([...truths.keys()].sort(), [...ids].sort());
      assert.deepEqual(statesOf(truths), { running: 9 });
      for (const { askedAt } of truths.values()) assert.equal(askedAt, NOW);
      assert.equal(requests(), 9);
    });

    test('says that a job is gone that it never had, and that is no failure', async (context) => {
      const { backend, ids, none } = await start(context, 1);
      const { signal } = new AbortController();
      const gone = Array.from({ length: 6 }, (_, index) => `${none}-${index}`);
      const truths = await ask(backend, gone, signal);
      assert.deepEqual(statesOf(truths), { gone: 6 });
      assert.match(truths.get(gone[0] ?? '')?.said ?? '', /404/);
      // More of them than of failures after which nothing more would be asked.
      assert.deepEqual(statesOf(await ask(backend, ids, signal)), { running: 1 });
    });

    for (const [what, fault, said] of spoilt.flatMap(({ outages }) => outages))
      test(`that ${what} says nothing about any job, and is left alone soon`, async (context) => {
        const { backend, ids, none, fault: set, requests } = await start(context, 19);
        set(fault);
        const truths = await ask(backend, [...ids, none]);
        assert.deepEqual(statesOf(truths), { unknown: 20 });
        for (const truth of truths.values()) {
          assert.match(truth.said, said);
          assert.deepEqual([truth.startedAt, truth.endedAt, truth.error], [null, null, null]);
        }
        const open = [...truths.values()].filter((truth) =>
          truth.said.startsWith('not asked: 5 calls in a row'),
        );
        // Those that are under way when the fifth one fails are waited for.
        assert.ok(open.length >= 20 - 5 - 7 && open.length <= 15, `${open.length} were not asked after`);
        assert.ok(requests() <= 12 * 3, `${requests()} requests`);
      });

    for (const [what, fault, said] of spoilt.flatMap(({ unreadable }) => unreadable))
      test(`that ${what} to many is asked about every other job all the same`, async (context) => {
        const { backend, ids, fault: set, clear } = await start(context, 7);
        const { signal } = new AbortController();
        set(fault);
        for (const truth of (await ask(backend, ids.slice(1), signal)).values()) {
          assert.equal(truth.state, 'unknown');
          assert.match(truth.said, said);
        }
        clear();
        assert.deepEqual(statesOf(await ask(backend, ids.slice(0, 1), signal)), { running: 1 });
      });

    test('behind a proxy that answers 404 says nothing about any job', async (context) => {
      const { backend, ids, fault, none } = await start(context, 6);
      for (const text of PROXIES) {
        fault({ kind: 'malformed', text, status: 404 });
        assert.deepEqual(statesOf(await ask(backend, [...ids, none])), { unknown: 7 }, text);
      }
    });

    test('that is down says nothing about any job', async (context) => {
      const { backend, ids, stop } = await start(context, 9);
      await stop();
      const truths = await ask(backend, ids);
      assert.deepEqual(statesOf(truths), { unknown: 9 });
      for (const { said } of truths.values()) assert.match(said, /ECONNREFUSED/);
    });

    test('asks nothing more in a sweep once it is broken, and asks again in the next one', async (context) => {
      const { backend, ids, fault, requests } = await start(context, 19);
      const sweep = new AbortController();
      fault({ kind: 'status', status: 403 });
      await ask(backend, ids, sweep.signal);
      const before = requests();
      assert.deepEqual(statesOf(await ask(backend, ids, sweep.signal)), { unknown: 19 });
      assert.equal(requests(), before);
      await ask(backend, ids);
      assert.ok(requests() > before);
    });

    test('that now and then fails is asked all the same', async (context) => {
      const { backend, ids, fault } = await start(context, 5);
      const { signal } = new AbortController();
      for (let round = 0; round < 3; round += 1) {
        fault({ kind: 'denied' }, 4);
        assert.deepEqual(statesOf(await ask(backend, ids.slice(1), signal)), { unknown: 4 });
        assert.deepEqual(statesOf(await ask(backend, ids.slice(0, 1), signal)), { running: 1 });
      }
    });

    test('is asked eight questions at once, and never more', async (context) => {
      const { backend, ids, fault, requests } = await start(context, 20);
      fault({ kind: 'hang' });
      const sweep = new AbortController();
      const asked = rejection(ask(backend, ids, sweep.signal));
      while (requests() < 8) await sleep(5);
      await sleep(100);
      assert.equal(requests(), 8);
      sweep.abort();
      await asked;
    });

    for (const count of [3, 20])
      test(`is left at once when the sweep over ${count} jobs is stopped, with its reason`, async (context) => {
        const { backend, ids, fault, requests } = await start(context, count);
        const atOnce = Math.min(8, count);
        fault({ kind: 'hang' });
        const sweep = new AbortController();
        const asked = rejection(ask(backend, ids, sweep.signal));
        while (requests() < atOnce) await sleep(5);
        const reason = new Error('the lease is lost');
        sweep.abort(reason);
        assert.equal(await asked, reason);
        assert.equal(await rejection(ask(backend, ids, sweep.signal)), reason);
        await sleep(50);
        assert.equal(requests(), atOnce);
      });

    const FOREIGN = [
      '',
      '..',
      'a/../b',
      '../../secrets',
      'x/./y',
      'a\nb',
      '\u0000',
      '\ud800',
      'x'.repeat(2_000),
    ];
    test('asks nothing for an id that cannot be one, and says what it expected', async (context) => {
      const { backend, requests } = await start(context, 0);
      const truths = await ask(backend, FOREIGN);
      assert.deepEqual(statesOf(truths), { unknown: FOREIGN.length });
      for (const { said } of truths.values()) assert.match(said, /^cannot read the id ".*expected /s);
      assert.equal(requests(), 0);
    });
  });
