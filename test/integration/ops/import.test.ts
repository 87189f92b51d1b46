import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { Firestore } from '@google-cloud/firestore';
import { freshFile } from '../../support/folders.ts';
import { startOps } from '../ops-process/start-ops.ts';
import { freshProject, settingsFile } from './fresh-project.ts';

const time = (path: string, type = 'timestamp') => ({ path, type });
const STATUSES = { RUNNING: 'running', DONE: 'completed', FAILED: 'failed', STOPPED: 'cancelled' };
const SETTINGS = settingsFile({
  jobs: {
    collection: 'jobs',
    fields: {
      status: 'state',
      startedAt: time('times.start'),
      endedAt: time('times.end', 'iso'),
      heartbeatAt: time('beat', 'seconds'),
      gpus: 'gpus',
    },
    statuses: STATUSES,
  },
  errors: {
    collection: 'errors',
    fields: { status: 'state', error: 'error', startedAt: time('start'), endedAt: time('end') },
    statuses: STATUSES,
  },
  elsewhere: {
    collection: 'teams/one/runs',
    database: 'theirs',
    googleProject: 'their-project',
    fields: { id: 'key', status: 'state', startedAt: time('start'), endedAt: time('end') },
    statuses: STATUSES,
  },
});
const FLAGS = [
  ...['--source', 'jobs', '--map', 'id=name,status=phase,startedAt=start', '--map', 'endedAt=end,gpus=gpus'],
  ...['--status', 'Succeeded=completed,Failed=failed', '--status', 'Running=running'],
  ...['--seconds-since', '2026-01-01T00:00:00Z'],
];
/** As JSON, integers of any size with all their digits. */
function stringify(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner)).replace(
    /"(\d+)n"/g,
    '$1',
  );
}

/** When each record was written last. */
async function writeTimes(db: Firestore): Promise<unknown[]> {
  const { docs } = await db.collection('jobs').get();
  return docs.map(({ id, updateTime }) => [id, updateTime.toDate().toISOString()]);
}

const DAY = 86_400;
const CSV = [
  '\ufeffname,phase,start,end,gpus,note',
  `a,Succeeded,0,${DAY},8,plain`,
  `b,Failed,${DAY},1.5,0,"ends before it starts,\nwith a note of two lines"`,
  'c,Running,,,1,never started',
  'd,Odd,0,1,1,unmapped',
  'e,Succeeded,0,1,1',
  'a,Succeeded,0,86400,,again',
  'f,Succeeded,soon,1,1,unreadable',
  'g,Succeeded,0,1,-1,negative',
  'h/i,Succeeded,0,1,1,slash',
  ',Succeeded,0,1,1,nameless',
  'j,Succeeded,0,1,1,"open',
  `k,Succeeded,0,${3 * DAY},2,last`,
  '',
].join('\r\n');

describe('ops import', () => {
  const env = { NIGHTSHIFT_SETTINGS: SETTINGS };
  let project: ReturnType<typeof freshProject>;
  before(() => {
    project = freshProject();
  });
  after(() => project.end());

  test('imports the good rows of a dirty CSV file, tells every bad one, and does the same again', async () => {
    const file = freshFile('jobs.csv', CSV);
    const expected = {
      a: {
        state: 'DONE',
        times: { start: new Date('2026-01-01T00:00:00Z'), end: '2026-01-02T00:00:00.000Z' },
        beat: null,
        gpus: 8,
      },
      b: {
        state: 'FAILED',
        times: { start: new Date('2026-01-02T00:00:00Z'), end: '2026-01-01T00:00:01.500Z' },
        beat: null,
        gpus: 0,
      },
      c: { state: 'RUNNING', times: { start: null, end: null }, beat: null, gpus: 1 },
      k: {
        state: 'DONE',
        times: { start: new Date('2026-01-01T00:00:00Z'), end: '2026-01-04T00:00:00.000Z' },
        beat: null,
        gpus: 2,
      },
    };
    const first = await project.ops(['import', file, ...FLAGS], { env });
    assert.match(
      first.stderr,
      /^This imports .*jobs.csv into collection jobs of the Firestore emulator at .*\n$/,
    );
    assert.equal(first.code, 0);
    assert.match(
      first.stdout,
      /^jobs: imported 4 jobs of 12 rows into collection jobs of the Firestore emulator at .* in .*: 4 created\n/,
    );
    assert.match(
      first.stdout,
      /rejected 7 rows:\n {2}line 6: status "Odd" is not mapped: add --status Odd=STATE/,
    );
    assert.match(first.stdout, /days covered: 2026-01-01 to 2026-01-04; collect them with:/);
    assert.match(
      first.stdout,
      /npm run -s ops -- run collect-metrics --body '\{"from":"2026-01-01","to":"2026-01-04"\}'/,
    );
    assert.deepEqual(await project.documents('jobs'), expected);

    const written = await writeTimes(project.db);
    const second = await project.ops(['import', file, ...FLAGS, '--json'], { env });
    assert.equal(second.code, 0);
    const { rejections, ...result } = JSON.parse(second.stdout);
    assert.deepEqual(result, {
      source: 'jobs',
      file,
      dryRun: false,
      rows: 12,
      imported: 4,
      created: 0,
      updated: 0,
      unchanged: 4,
      kept: 0,
      keptBecause: {},
      rejected: 7,
      contradictions: 0,
      days: { from: '2026-01-01', to: '2026-01-04' },
      collect: `npm run -s ops -- run collect-metrics --body '{"from":"2026-01-01","to":"2026-01-04"}'`,
      failure: null,
    });
    assert.deepEqual(
      rejections.map(({ line, reason }: { line: number; reason: string }) => `${line}: ${reason}`),
      [
        '6: status "Odd" is not mapped: add --status Odd=STATE',
        '7: it has 5 columns, the header 6',
        '9: startedAt "soon" is not seconds since 2026-01-01T00:00:00.000Z',
        '10: gpus "-1" is not a number from 0 to 1000000',
        '11: id "h/i" cannot be the id of a document',
        '12: id is missing',
        '13: a quote is opened and never closed',
      ],
    );
    assert.deepEqual(await project.documents('jobs'), expected);
    assert.deepEqual(await writeTimes(project.db), written);
  });

  test('shows in a dry run what it would do, and where, and writes nothing', async () => {
    const dry = freshProject();
    const file = freshFile('jobs.csv', CSV);
    const done = await dry.ops(['import', file, ...FLAGS, '--dry-run'], { env });
    assert.equal(done.code, 0);
    assert.match(
      done.stderr,
      /^This imports .* into collection jobs of .*: a dry run, nothing is written\n$/,
    );
    assert.match(done.stdout, /^jobs: would import 4 jobs of 12 rows into .*: 4 created\n/);
    assert.match(
      done.stdout,
      /\n {2}create a \(line 8\): times.start 2026-01-01T00:00:00.000Z, .*state DONE/,
    );
    assert.doesNotMatch(done.stdout, /collect them with/);
    assert.deepEqual(await dry.documents('jobs'), {});
    await dry.end();
  });

  test('believes none of the rows that contradict each other, and says so by its exit code', async () => {
    const rows = [
      'name,phase,start,end,gpus',
      'x,Running,0,,2',
      'x,Succeeded,0,60,',
      'y,Failed,0,60,1',
      'y,Failed,0,61,1',
    ];
    const done = await project.ops(['import', freshFile('twice.csv', rows.join('\n')), ...FLAGS, '--json'], {
      env,
    });
    assert.equal(done.code, 1);
    const { created, contradictions, rejections } = JSON.parse(done.stdout);
    assert.deepEqual([created, contradictions], [1, 1]);
    assert.match(rejections[0].reason, /^id "y": lines 4 and 5 contradict each other: endedAt /);
    const { x, y } = await project.documents('jobs');
    assert.deepEqual(x, {
      state: 'DONE',
      times: { start: new Date('2026-01-01T00:00:00Z'), end: '2026-01-01T00:01:00.000Z' },
      beat: null,
      gpus: 2,
    });
    assert.equal(y, undefined);
  });

  test('bounds what it sends by bytes, and loses only the record that no document can hold', async () => {
    const large = freshProject();
    const row = (id: string, bytes: number) =>
      JSON.stringify({ name: id, phase: 'Failed', why: 'é'.repeat(bytes / 2) });
    const rows = [
      row('huge', 1_100_000),
      // More than the emulator takes in one request.
      ...Array.from({ length: 12 }, (_, index) => row(`big-${index}`, 1_000_000)),
    ];
    const map = [
      '--source',
      'errors',
      '--map',
      'id=name,status=phase,error=why',
      '--status',
      'Failed=failed',
    ];
    const file = freshFile('large.ndjson', rows.join('\n'));
    const done = await large.ops(['import', file, ...map, '--json'], { env });
    assert.equal(done.code, 0, done.stderr);
    const { created, rejections } = JSON.parse(done.stdout);
    assert.equal(created, 12);
    assert.deepEqual(rejections, [
      { line: 1, reason: 'its record would take 1100010 bytes, and Firestore holds at most 1 MiB' },
    ]);
    await large.end();
  });

  test('imports NDJSON from standard input into another project, named database and nested collection', async () => {
    const rows = [
      {
        job: { key: 1234567890123456789n },
        s: 'ok',
        span: { from: '2026-01-01T01:00:00+01:00', to: '2026-01-01T12:00:00Z' },
      },
      { job: { key: 'x' }, s: 'ok', span: { from: null } },
    ];
    const input = `${rows.map((row) => stringify(row)).join('\n\n')}\nnot json\n[1]\n`;
    const flags = [
      '--map',
      'id=job.key,status=s,startedAt=span.from,endedAt=span.to',
      '--status',
      'ok=completed',
    ];
    const done = await project.ops(
      ['import', '-', '--format', 'ndjson', '--source', 'elsewhere', ...flags, '--json'],
      { env, input },
    );
    assert.equal(done.code, 0, done.stderr);
    const { imported, rejections } = JSON.parse(done.stdout);
    assert.equal(imported, 2);
    assert.deepEqual(
      rejections.map(({ line }: { line: number }) => line),
      [4, 5],
    );
    const theirs = new Firestore({ projectId: 'their-project', databaseId: 'theirs' });
    assert.deepEqual(await project.documents('teams/one/runs', theirs), {
      '1234567890123456789': {
        key: '1234567890123456789',
        state: 'DONE',
        start: new Date('2026-01-01T00:00:00Z'),
        end: new Date('2026-01-01T12:00:00Z'),
      },
      x: { key: 'x', state: 'DONE', start: null, end: null },
    });
    await theirs.terminate();
  });

  test('imports more rows than are ever under way at once', async () => {
    const many = freshProject();
    const lines = Array.from({ length: 700 }, (_, index) => `job-${index},Succeeded,0,1,1`);
    const file = freshFile('many.csv', ['name,phase,start,end,gpus', ...lines].join('\n'));
    const done = await many.ops(['import', file, ...FLAGS], { env });
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /imported 700 jobs of 700 rows/);
    assert.equal((await many.db.collection('jobs').count().get()).data().count, 700);
    await many.end();
  });

  test('exits 1 when no row was good', async () => {
    const file = freshFile('bad.csv', 'name,phase,start,end,gpus\nz,Odd,0,1,1\n');
    const done = await project.ops(['import', file, ...FLAGS], { env });
    assert.equal(done.code, 1);
    assert.match(done.stdout, /imported 0 jobs of 1 row/);
  });

  const good = freshFile('good.csv', 'name,phase,start,end,gpus\nnew,Succeeded,0,1,1\n');
  for (const [name, args, message] of [
    [
      'a column that the file lacks',
      [good, ...FLAGS, '--map', 'heartbeatAt=bet'],
      /Unknown column of .*good.csv "bet".*\(known: name, phase, start, end, gpus\)/,
    ],
    [
      'a field that the source lacks',
      [good, ...FLAGS, '--map', 'project=name'],
      /source "jobs" has no such field/,
    ],
    ['a state that does not exist', [good, ...FLAGS, '--status', 'x=done'], /Unknown state "done"/],
    ['a file that does not exist', ['none.csv', ...FLAGS], /Cannot read none.csv: no such file/],
    ['a format that nobody named', ['-', ...FLAGS], /add --format csv or --format ndjson/],
    ['an empty file', [freshFile('empty.csv', ''), ...FLAGS], /it is empty/],
    ['a missing --source', [good, ...FLAGS.slice(2)], /required option '--source <name>' not specified/],
  ] as const)
    test(`refuses ${name} before anything is written`, async () => {
      const done = await project.ops(['import', ...args], { env });
      assert.equal(done.code, 2);
      assert.match(done.stderr, message);
      assert.equal(done.stdout, '');
      assert.equal((await project.db.doc('jobs/new').get()).exists, false);
    });

  test('brings every job in although nobody reads what it says: import FILE 2>&1 | head -1', async () => {
    const { child, ended } = startOps(['import', '-', '--format', 'csv', ...FLAGS], {
      env: { ...env, GOOGLE_CLOUD_PROJECT: project.project },
      input: 'name,phase,start,end,gpus\nunread,Succeeded,0,1,1\n',
    });
    const unread = ended.catch(() => undefined);
    child.stderr.destroy();
    child.stdout.destroy();
    const [code] = await once(child, 'exit');
    await unread;
    assert.equal(code, 0);
    assert.equal((await project.db.doc('jobs/unread').get()).exists, true);
  });

  test('names a real project and writes nothing to it while nobody agrees', async () => {
    const credentials = freshFile(
      'user.json',
      JSON.stringify({ type: 'authorized_user', client_id: 'a', client_secret: 'b', refresh_token: 'c' }),
    );
    const { ended } = startOps(['import', good, ...FLAGS], {
      env: {
        ...env,
        FIRESTORE_EMULATOR_HOST: '',
        GOOGLE_CLOUD_PROJECT: 'prod-project',
        GOOGLE_APPLICATION_CREDENTIALS: credentials,
      },
    });
    const done = await ended;
    assert.equal(done.code, 2);
    assert.match(
      done.stderr,
      /into collection jobs of Google Cloud project prod-project: .* Add --yes to go ahead/,
    );
  });
});
