import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import type { BackendTools } from '../../../functions/shared/cloud/backends/backend.ts';
import { openBackend } from '../../../functions/shared/cloud/backends/open-backend.ts';
import { InvalidConfiguration } from '../../../functions/shared/errors.ts';
import type { Truth } from '../../../functions/shared/model/job/backend.ts';
import {
  ask,
  askOne,
  BEGAN,
  ENDED,
  httpBackend,
  httpSettings,
  statesOf,
  TOKEN,
} from '../../support/backends.ts';
import { recordedLog } from '../../support/google.ts';

/** A backend over a server that answers as it likes. */
async function over(context: TestContext, serve: (req: IncomingMessage, res: ServerResponse) => void) {
  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => void server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  const { log, lines } = recordedLog();
  const url = `http://127.0.0.1:${port}/jobs/{id}?key=k3y-in-the-address`;
  const backend = openBackend(httpSettings(url), { ...tools(TOKEN), log });
  return { backend, lines, port };
}

function tools(secret: string | undefined): BackendTools {
  const apiOf = () => {
    throw new Error('An HTTP endpoint is no API of Google');
  };
  return {
    apiOf,
    variable: (name) => (name === 'STATUS_TOKEN' ? secret : undefined),
    log: recordedLog().log,
  };
}

const body = (phase: unknown, more: object = {}) => ({
  status: { phase, reason: 'exit code 1' },
  times: ['2026-03-09T11:00:00+01:00', '2026-03-09T11:00:00.000Z'],
  ...more,
});

const STATES: [phase: unknown, state: Truth['state']][] = [
  ['waiting', 'queued'],
  ['busy', 'running'],
  ['done', 'completed'],
  ['broken', 'failed'],
  ['stopped', 'cancelled'],
  [3, 'queued'],
  [false, 'running'],
  [['busy'], 'running'],
  [[], 'unknown'],
  [['busy', 'done'], 'unknown'],
  ['BUSY', 'unknown'],
  ['', 'unknown'],
  ['toString', 'unknown'],
  [7, 'unknown'],
  [true, 'unknown'],
  [null, 'unknown'],
  [{}, 'unknown'],
  [undefined, 'unknown'],
];

describe('an HTTP status endpoint', () => {
  for (const [phase, state] of STATES)
    test(`that says ${JSON.stringify(phase)} says ${state}`, async (context) => {
      const { backend } = await httpBackend(context, new Map([['a', body(phase)]]));
      const truth = await askOne(backend, 'a');
      assert.equal(truth.state, state);
      const ended = ['completed', 'failed', 'cancelled'].includes(state);
      assert.deepEqual(truth.startedAt, state === 'unknown' ? null : BEGAN);
      assert.deepEqual(truth.endedAt, ended ? ENDED : null);
      assert.equal(truth.error, state === 'failed' ? 'exit code 1' : null);
      if (typeof phase === 'string' && phase !== '')
        assert.match(
          truth.said,
          new RegExp(
            `^127.0.0.1:\\d+ says "${phase}"${state === 'unknown' ? ', which its statuses do not map' : ''}$`,
          ),
        );
    });

  test('may give no times', async (context) => {
    for (const times of [
      undefined,
      null,
      [],
      ['', 'None'],
      ['1970-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
    ]) {
      const { backend } = await httpBackend(context, new Map([['a', body('done', { times })]]));
      const { state, startedAt, endedAt, unreadable } = await askOne(backend, 'a');
      assert.deepEqual([state, startedAt, endedAt, unreadable], ['completed', null, null, null]);
    }
  });

  test('tells no end where a time is there that nobody can read, and names it', async (context) => {
    for (const times of [
      [null, 'yesterday'],
      [null, 1_773_050_400],
      [{}, null],
    ]) {
      const { backend } = await httpBackend(context, new Map([['a', body('done', { times })]]));
      const truth = await askOne(backend, 'a');
      assert.deepEqual([truth.state, truth.startedAt, truth.endedAt], ['unknown', null, null]);
      assert.match(
        truth.said,
        /says "done"; but nobody can read times\[[01]\]: .* is not an ISO time as text/,
      );
      assert.ok(truth.unreadable && truth.said.includes(truth.unreadable));
    }
  });

  test('that runs goes on with a start that nobody can read', async (context) => {
    const { backend } = await httpBackend(
      context,
      new Map([['a', body('busy', { times: ['soon', 'never'] })]]),
    );
    const { state, startedAt, unreadable } = await askOne(backend, 'a');
    assert.deepEqual([state, startedAt], ['running', null]);
    assert.equal(unreadable, 'times[0]: "soon" is not an ISO time as text with its zone');
  });

  test('is asked after each id at its own address', async (context) => {
    const ids = ['a/b', 'a?b=c&d', 'a#b', 'ü %2e%2e', 'x@y:z', '...', "$&'"];
    const { backend, endpoint } = await httpBackend(context, new Map(ids.map((id) => [id, body('busy')])));
    assert.deepEqual(statesOf(await ask(backend, ids)), { running: ids.length });
    assert.deepEqual(
      endpoint
        .requests()
        .map(({ path }) => path)
        .sort(),
      ids.map((id) => `/jobs/${encodeURIComponent(id)}`).sort(),
    );
  });

  test('tells of forty that have no word yet, and of the one among them that ended', async (context) => {
    const kubernetes = {
      state: "status.conditions[?status=='True'].type",
      statuses: { Complete: 'completed', Failed: 'failed' },
      endedAt: 'status.completionTime',
    };
    const ids = Array.from({ length: 40 }, (_, index) => `job-${index}`);
    const end = ENDED.toISOString();
    const complete = { completionTime: end, conditions: [{ type: 'Complete', status: 'True' }] };
    const jobs = new Map<string, object>(ids.map((id) => [id, { status: { active: 1 } }]));
    jobs.set('job-done', { status: complete });
    for (const [absent, state] of [
      [undefined, 'unknown'],
      ['running', 'running'],
    ] as const) {
      const { backend } = await httpBackend(context, jobs, { ...kubernetes, absent });
      const truths = await ask(backend, [...ids, 'job-done']);
      assert.deepEqual(statesOf(truths), { [state]: 40, completed: 1 });
      assert.deepEqual(truths.get('job-done')?.endedAt, ENDED);
      assert.match(truths.get('job-0')?.said ?? '', /nothing (stands )?at status\.conditions\[\?status/);
    }
  });

  test('keeps apart ids of nineteen digits that differ in the last', async (context) => {
    const [done, busy, none] = ['1234567890123456789', '1234567890123456790', '1234567890123456791'];
    const { backend, port } = await over(context, (req, res) => {
      const id = req.url?.match(/\d{19}/)?.[0];
      // As a number, which most parsers round.
      if (id === none) return res.writeHead(404).end(`{"missing": ${id}}`);
      res.end(JSON.stringify(body(id === done ? 'done' : 'busy')));
    });
    const truths = await ask(backend, [done, busy, none]);
    assert.deepEqual(
      [done, busy, none].map((id) => truths.get(id)?.state),
      ['completed', 'running', 'gone'],
    );
    assert.equal(truths.get(none)?.said, `127.0.0.1:${port} says HTTP 404: {"missing": ${none}}`);
  });

  test('that packs its answer badly costs only the job that it is about', async (context) => {
    const { backend } = await over(context, (req, res) => {
      const packed = req.url?.includes('bad');
      res.writeHead(200, packed ? { 'content-encoding': 'gzip' } : {}).end(JSON.stringify(body('busy')));
    });
    const { signal } = new AbortController();
    const bad = Array.from({ length: 20 }, (_, index) => `bad-${index}`);
    const truths = await ask(backend, bad, signal);
    assert.deepEqual(statesOf(truths), { unknown: 20 });
    assert.match(
      truths.get('bad-0')?.said ?? '',
      /^Cannot read 127\.0\.0\.1:\d+ GET of bad-0: incorrect header/,
    );
    assert.deepEqual(statesOf(await ask(backend, ['good'], signal)), { running: 1 });
  });

  const GONE: [what: string, answer: object | string][] = [
    ['a sentence', { error: 'There is no job "job-7".' }],
    ['a field of its own', { id: 'job-7', code: 'NOT_FOUND' }],
    ['some depth', { errors: [{ detail: { job: 'job-7' } }] }],
  ];
  for (const [what, answer] of GONE)
    test(`says that a job is gone by a 404 that names it in ${what}`, async (context) => {
      const { backend } = await over(context, (_req, res) => res.writeHead(404).end(JSON.stringify(answer)));
      const { state, said } = await askOne(backend, 'job-7');
      assert.equal(state, 'gone');
      assert.match(said, /says HTTP 404: .*job-7/);
    });

  const NOT_GONE: [what: string, status: number, answer: string][] = [
    ['a page', 404, '<html>Not found: job-7</html>'],
    ['a text', 404, 'job-7 not found'],
    ['JSON of nobody', 404, '{"detail": "Not Found"}'],
    ['JSON with the path', 404, '{"error": "Not Found", "path": "/jobs/job-7"}'],
    ['JSON with the address', 404, '{"message": "Cannot GET https://x/?id=job-7"}'],
    ['JSON of another job', 404, '{"error": "There is no job-77, nor my-job-7"}'],
    ['nothing', 404, ''],
    ['a text in quotes', 404, '"job-7"'],
    ['a job that goes on', 404, '{"id": "job-7", "status": {"phase": "busy"}}'],
    ['another status', 400, '{"error": "There is no job-7"}'],
    ['an end of its own', 410, '{"error": "This API was removed"}'],
    ['a page of its own', 410, '<html>Gone: job-7</html>'],
  ];
  for (const [what, status, answer] of NOT_GONE)
    test(`says nothing by ${status} with ${what}`, async (context) => {
      const { backend } = await over(context, (_req, res) => res.writeHead(status).end(answer));
      assert.equal((await askOne(backend, 'job-7')).state, 'unknown');
    });

  test('that answers without an end is not read to it', async (context) => {
    let written = 0;
    const { backend } = await over(context, (_req, res) => {
      const more = () => {
        while (!res.destroyed && res.write('x'.repeat(65_536))) written += 65_536;
        res.once('drain', more);
      };
      more();
    });
    const { state, said } = await askOne(backend, 'a');
    assert.equal(state, 'unknown');
    assert.match(said, /more than 262144 bytes$/);
    assert.ok(written < 20_000_000);
  });

  test('that does not answer is given up in time', async (context) => {
    const { backend } = await over(context, () => {});
    const { signal } = new AbortController();
    const truths = await backend.truthsOf(['a', 'b', 'c'], { signal, now: () => new Date(), limitMs: 300 });
    assert.equal(truths.size, 3);
    for (const { state, said } of truths.values()) {
      assert.equal(state, 'unknown');
      assert.match(said, /no answer within 300 ms$/);
    }
  });
});

describe('the secret of an HTTP status endpoint', () => {
  test('goes into its header', async (context) => {
    const { backend, endpoint } = await httpBackend(context, new Map([['a', body('busy')]]));
    assert.equal((await askOne(backend, 'a')).state, 'running');
    assert.deepEqual(endpoint.requests(), [{ path: '/jobs/a', token: TOKEN }]);
  });

  test('does not follow a redirect', async (context) => {
    const seen: (string | undefined)[] = [];
    const other = createServer((req, res) => {
      seen.push(req.url);
      res.end(JSON.stringify(body('done')));
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    context.after(() => void other.close().closeAllConnections());
    const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/stolen`;
    for (const status of [301, 302, 303, 307, 308]) {
      const { backend } = await over(context, (_req, res) => res.writeHead(status, { location }).end());
      assert.equal((await askOne(backend, 'a')).state, 'unknown');
    }
    assert.deepEqual(seen, []);
  });

  const ANSWERS: [what: string, status: number, answer: string][] = [
    ['a refusal', 401, `{"error": "The token ${TOKEN} is not known"}`],
    ['a page', 200, `<html>${TOKEN}</html>`],
    ['an unknown state', 200, JSON.stringify(body(TOKEN))],
    [
      'an error',
      200,
      JSON.stringify(body('broken', { status: { phase: 'broken', reason: `Used ${TOKEN}` } })),
    ],
    ['a 404', 404, `{"error": "No job a for ${TOKEN}"}`],
    // Quoted, it would be cut in the midst of the secret.
    ['a time', 200, JSON.stringify(body('done', { times: [null, `${'x'.repeat(50)}${TOKEN}`] }))],
  ];
  for (const [what, status, answer] of ANSWERS)
    test(`is told to nobody, although ${what} holds it`, async (context) => {
      const { backend, lines } = await over(context, (_req, res) => res.writeHead(status).end(answer));
      const truth = await askOne(backend, 'a');
      const told = JSON.stringify([truth, lines, backend.name]);
      assert.ok(!told.includes(TOKEN.slice(0, 8)) && !told.includes('k3y-in-the-address'), told);
    });

  test('is told to nobody when nobody listens', async (context) => {
    const { backend, lines, port } = await over(context, (req) => req.destroy());
    const told = JSON.stringify([await askOne(backend, 'a'), lines]);
    assert.ok(!told.includes(TOKEN) && !told.includes('k3y-in-the-address'), told);
    assert.match(told, new RegExp(`Cannot finish 127.0.0.1:${port} GET of a: the connection failed`));
  });

  test('may end with the line of the file that it was in', async (context) => {
    const { endpoint } = await httpBackend(context, new Map([['a', body('busy')]]));
    const backend = openBackend(httpSettings(endpoint.url), tools(`${TOKEN}\n`));
    assert.equal((await askOne(backend, 'a')).state, 'running');
  });

  for (const secret of [undefined, '', ' \n', 'two\nlines', 'schlüssel'])
    test(`cannot be ${JSON.stringify(secret)}`, () => {
      const open = () => openBackend(httpSettings('https://status.acme.example/{id}'), tools(secret));
      assert.throws(open, (error: Error) => {
        assert.ok(error instanceof InvalidConfiguration);
        assert.match(
          error.message,
          /^Cannot use the environment:\n {2}STATUS_TOKEN: .*expected the value of the header X-Token/,
        );
        assert.ok(!secret?.trim() || !error.message.includes(secret.trim()));
        return true;
      });
    });
});
