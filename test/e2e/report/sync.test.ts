import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Report } from '../../../scripts/report/outbox/report.ts';
import { freshFolder } from '../../support/folders.ts';
import { clients, launch } from '../../support/report-client.ts';
import {
  ALIVE,
  DEAD,
  executionId,
  executionsOf,
  type Left,
  leave,
  line,
  unline,
} from '../../support/report-outbox.ts';
import { type Behaviour, startMetadata, startReportServer } from '../../support/report-server.ts';

/** Files in, requests out: what a client makes of an outbox that others left. */

const COMPLETED = {
  state: 'completed' as const,
  exitCode: 0,
  signal: null,
  cause: 'exit' as const,
  error: null,
  final: true,
};
const ended = (seq: number): Partial<Report> => ({ seq, state: 'completed', end: COMPLETED });
const id = executionId;

interface Case {
  what: string;
  left: Left;
  /** The report that is sent: some of its fields; `undefined` when none is. */
  sent: Partial<Report> | undefined;
  /** Whether its folder is there afterwards. */
  stays: boolean;
  /** What is said on standard error. */
  told?: RegExp;
}

const CASES: Case[] = [
  {
    what: 'an end that waits is delivered, and its folder removed',
    left: { execution: id('end'), now: { seq: 4 }, end: ended(5), sent: 3 },
    sent: ended(5),
    stays: false,
  },
  {
    what: 'an end that is delivered is cleared away',
    left: { execution: id('done'), end: ended(5), sent: 5 },
    sent: undefined,
    stays: false,
  },
  {
    what: 'whose wrapper and process are dead is gone',
    left: {
      execution: id('gone'),
      open: { writer: DEAD, child: DEAD },
      now: { seq: 7, progress: { step: 3 } },
      sent: 7,
    },
    sent: { seq: 8, state: 'gone', end: null, progress: { step: 3 } },
    stays: false,
  },
  {
    what: 'whose process lost its wrapper is spoken for',
    left: { execution: id('orphan'), open: { writer: DEAD, child: ALIVE }, now: { seq: 7 }, sent: 7 },
    sent: { seq: 8, state: 'running', end: null },
    stays: true,
  },
  {
    what: 'whose wrapper died before it could write down a process is not called gone',
    left: { execution: id('early'), open: { writer: DEAD, child: null } },
    sent: undefined,
    stays: true,
  },
  {
    what: 'whose wrapper lives is left to it',
    left: { execution: id('live'), open: { writer: ALIVE, child: ALIVE }, now: { seq: 7 }, sent: 2 },
    sent: undefined,
    stays: true,
  },
  {
    what: 'of another start of a machine nothing is concluded: its report is delivered as it is',
    left: { execution: id('boot'), open: { bootId: 'other', writer: DEAD, child: DEAD }, now: { seq: 2 } },
    sent: { seq: 2, state: 'running' },
    stays: true,
  },
  {
    what: 'nor of another container',
    left: { execution: id('pidns'), open: { pidns: 'pid:[1]', writer: DEAD, child: DEAD }, now: { seq: 2 } },
    sent: { seq: 2, state: 'running' },
    stays: true,
  },
  {
    what: 'what a shell wrote is delivered',
    left: { execution: id('shell'), now: { seq: 3 }, sent: 1 },
    sent: { seq: 3, state: 'running' },
    stays: true,
  },
  {
    what: 'and not twice',
    left: { execution: id('told'), now: { seq: 3 }, sent: 3 },
    sent: undefined,
    stays: true,
  },
  {
    what: 'a torn report is told, and what is known from the start is enough',
    left: {
      execution: id('torn'),
      open: { writer: DEAD, child: DEAD },
      raw: { 'now.json': '{"v":1,"crc":"00000000","d":{"seq":9}}\n' },
    },
    sent: { seq: 1, state: 'gone' },
    stays: false,
    told: /cannot read .*TXRN\/now\.json/,
  },
  {
    what: 'what waits in the mailbox of a dead wrapper is not lost',
    left: {
      execution: id('events'),
      open: { writer: DEAD, child: DEAD },
      now: { seq: 2 },
      events: [
        { kind: 'progress', at: '', bootMs: 0, bootId: '', progress: { step: 10, of: 20 } },
        { kind: 'checkpoint', at: '', bootMs: 1, bootId: '', checkpoint: { uri: 'gs://b/10/', step: 10 } },
        { kind: 'progress', at: '', bootMs: 2, bootId: '', progress: { step: 11 } },
      ],
    },
    sent: {
      seq: 3,
      state: 'gone',
      progress: { step: 11, of: 20 },
      checkpoint: { uri: 'gs://b/10/', step: 10 },
    },
    stays: false,
  },
  {
    what: 'what a killed shell left in the mailbox is taken in',
    left: {
      execution: id('mailbox'),
      now: { seq: 2 },
      sent: 2,
      events: [{ kind: 'end', at: '', bootMs: 0, bootId: '', end: { state: 'failed', error: 'no disk' } }],
    },
    sent: { seq: 3, state: 'failed' },
    stays: false,
  },
  {
    what: 'an end that the job told by itself is an end',
    left: {
      execution: id('toldend'),
      open: { writer: DEAD, child: DEAD },
      now: { seq: 2 },
      events: [{ kind: 'end', at: '', bootMs: 0, bootId: '', end: { state: 'failed', error: 'no data' } }],
    },
    sent: {
      seq: 3,
      state: 'failed',
      end: { state: 'failed', exitCode: null, signal: null, cause: 'exit', error: 'no data', final: true },
    },
    stays: false,
  },
];

for (const { name, argv, skip } of await clients())
  describe(`sync, ${name}`, { skip }, () => {
    test('makes of every folder what its files prove', async (t) => {
      const outbox = freshFolder();
      const server = await startReportServer();
      t.after(() => server.close());
      for (const { left } of CASES) leave(outbox, server.url, left);
      const { code, stderr } = await launch([...argv, 'sync', '--outbox', outbox]).ended;
      assert.equal(code, 0, stderr);
      const left = executionsOf(outbox);
      for (const {
        what,
        left: { execution },
        sent,
        stays,
        told,
      } of CASES) {
        const reports = server.reports().filter((report) => report.execution === execution);
        assert.equal(reports.length, sent ? 1 : 0, what);
        for (const [key, value] of Object.entries(sent ?? {}))
          assert.deepEqual(reports[0]?.[key as keyof Report], value, `${what}: ${key}`);
        assert.equal(left.includes(execution), stays, what);
        if (told) assert.match(stderr, told);
      }
    });

    test('sends to each place what is meant for it, and no more than it takes', async (t) => {
      const outbox = freshFolder();
      const server = await startReportServer();
      t.after(() => server.close());
      for (let i = 0; i < 120; i++) leave(outbox, server.url, { execution: id(`n${i}`), end: ended(1) });
      leave(outbox, server.url, { execution: id('token'), open: { jobToken: 'nsj1.x.y' }, end: ended(1) });
      leave(outbox, server.url, { execution: id('etx'), open: { source: 'etx' }, end: ended(1) });
      const { code } = await launch([...argv, 'sync', '--outbox', outbox]).ended;
      assert.equal(code, 0);
      assert.equal(server.reports().length, 122);
      assert.ok(server.requests.every(({ reports }) => new Set(reports.map(({ job }) => job)).size <= 100));
      const alone = server.requests.filter(({ jobToken, source }) => jobToken || source === 'etx');
      assert.deepEqual(
        alone.map(({ jobToken, source, reports }) => [jobToken, source, reports.length]).sort(),
        [
          ['nsj1.x.y', 'jobs', 1],
          [undefined, 'etx', 1],
        ].sort(),
      );
      assert.deepEqual(executionsOf(outbox), []);
    });

    test('keeps what cannot be delivered now, says why, and delivers it later', async (t) => {
      const outbox = freshFolder();
      const server = await startReportServer();
      t.after(() => server.close());
      leave(outbox, server.url, { execution: id('end'), end: ended(5) });
      const later: Behaviour[] = ['reset', 'half', { status: 403 }, { result: () => 'later' }];
      for (const behaviour of later) {
        server.behave(behaviour);
        const { code, stderr } = await launch([...argv, 'sync', '--outbox', outbox]).ended;
        assert.equal(code, 1);
        assert.match(stderr, /^nightshift: cannot deliver to http.*reports wait in/m);
        assert.deepEqual(executionsOf(outbox), [id('end')]);
      }
      const { stdout } = await launch([...argv, 'status', '--outbox', outbox]).ended;
      assert.match(
        stdout,
        /^1 reports? waits? in .*, failing since .*\n.*END job-000END completed seq 5, acknowledged 0/,
      );
      // It asks for a second, and gets it.
      let at = 0;
      server.behave(() => {
        const wait = at === 0;
        if (wait) at = Date.now();
        else assert.ok(Date.now() - at >= 1_000);
        return wait ? { status: 503, headers: { 'retry-after': '1' } } : 'ok';
      });
      const { code } = await launch([...argv, 'sync', '--outbox', outbox, '--wait', '1m']).ended;
      assert.equal(code, 0);
      assert.equal(server.reports().filter(({ seq }) => seq === 5).length, 6);
      assert.deepEqual(executionsOf(outbox), []);
      const nothing = await launch([...argv, 'status', '--outbox', outbox]).ended;
      assert.match(nothing.stdout, /^nothing waits in/);
      server.close();
    });

    test('finds the one that the service cannot take, keeps it with its words, and delivers the others', async (t) => {
      const outbox = freshFolder();
      const server = await startReportServer();
      t.after(() => server.close());
      for (const job of ['a', 'b', 'poison', 'd', 'refused'])
        leave(outbox, server.url, { execution: id(job), open: { job }, end: ended(2) });
      server.behave(({ reports }) =>
        reports.some(({ job }) => job === 'poison')
          ? { status: 400, body: { problems: [{ path: 'reports.0', message: 'Cannot be read' }] } }
          : { result: ({ job }) => (job === 'refused' ? 'rejected' : 'applied') },
      );
      const { code, stderr } = await launch([...argv, 'sync', '--outbox', outbox]).ended;
      assert.equal(code, 2);
      assert.deepEqual(executionsOf(outbox), []);
      assert.match(stderr, /rejected: job poison, execution \w+: reports\.0: Cannot be read/);
      assert.match(stderr, /rejected: job refused, execution \w+: not allowed/);
      const kept = readdirSync(join(outbox, 'rejected')).sort();
      assert.deepEqual(kept, [`${id('poison')}-2.json`, `${id('refused')}-2.json`].sort());
      const { problems, source } = unline<{ problems: string[]; source: string }>(
        readFileSync(join(outbox, 'rejected', `${id('poison')}-2.json`), 'utf8'),
      );
      assert.equal(source, 'jobs');
      assert.deepEqual(problems, ['reports.0: Cannot be read']);
    });

    test('shows a token of the machine, a new one where it is refused, and none beside a local service', async (t) => {
      const outbox = freshFolder();
      const server = await startReportServer();
      const metadata = await startMetadata();
      t.after(() => {
        server.close();
        metadata.close();
      });
      // A name of this machine that does not look like one.
      const url = server.url.replace('127.0.0.1', '0.0.0.0');
      leave(outbox, url, { execution: id('end'), end: ended(5) });
      server.behave(() => (server.requests.length === 1 ? { status: 401 } : 'ok'));
      const env = { GCE_METADATA_HOST: metadata.host };
      const { code, stderr } = await launch([...argv, 'sync', '--outbox', outbox], env).ended;
      assert.equal(code, 0, stderr);
      assert.deepEqual(
        server.requests.map(({ authorization }) => authorization?.split('.')[2]),
        ['1', '2'],
      );
      assert.match(metadata.asked[0] ?? '', /identity\?audience=http%3A%2F%2F0\.0\.0\.0%3A\d+&format=full$/);
      leave(outbox, server.url, { execution: id('again'), end: ended(5) });
      await launch([...argv, 'sync', '--outbox', outbox], env).ended;
      assert.equal(server.requests.at(-1)?.authorization, undefined);
      assert.equal(metadata.asked.length, 2);
    });

    test('leaves alone what it cannot read, and clears away what was left half removed', async (t) => {
      const outbox = freshFolder();
      const server = await startReportServer();
      t.after(() => server.close());
      leave(outbox, server.url, { execution: id('sad'), end: ended(2), raw: { 'open.json': 'nonsense' } });
      leave(outbox, server.url, { execution: id('good'), end: ended(2) });
      const { code, stderr } = await launch([...argv, 'sync', '--outbox', outbox]).ended;
      assert.equal(code, 1);
      assert.match(stderr, /cannot read .*SAD\/open\.json: .*; ignored/);
      assert.deepEqual(executionsOf(outbox), [id('sad')]);
      assert.equal(server.reports().length, 1);
      assert.ok(existsSync(join(outbox, id('sad'), 'end.json')));
      // Nobody can send an end of which its start is missing; what has none is cleared away once it is old.
      const half = join(outbox, id('half'));
      mkdirSync(half);
      writeFileSync(join(half, 'sent'), line({ seq: 9, at: '' }));
      for (const path of ['sent', '']) utimesSync(join(half, path), 0, 0);
      await launch([...argv, 'sync', '--outbox', outbox]).ended;
      assert.deepEqual(executionsOf(outbox), [id('sad')]);
    });
  });
