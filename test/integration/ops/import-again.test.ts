import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Timestamp } from '@google-cloud/firestore';
import { sourceSchema } from '../../../functions/shared/model/job/source.ts';
import { plainOf } from '../../../functions/shared/store/firestore/firestore.ts';
import { bringJobs, readRows } from '../../../scripts/ops/import/bring.ts';
import { type ImportFlags, planImport } from '../../../scripts/ops/import/flags/plan.ts';
import { type RecordFinder, recordFinder } from '../../../scripts/ops/import/records.ts';
import { openSpool } from '../../../scripts/ops/import/spool.ts';
import { newTally } from '../../../scripts/ops/import/tally.ts';
import { recordWriter } from '../../../scripts/ops/import/write.ts';
import { openTestFirestore } from '../../support/firestore.ts';

const time = (path: string) => ({ path, type: 'timestamp' });
const FIELDS = {
  status: 'state',
  startedAt: time('times.start'),
  endedAt: time('times.end'),
  heartbeatAt: time('beat'),
  gpus: 'gpus',
  model: 'spec.model',
  artifactUri: 'uri',
  registeredModel: 'registered',
};
const STATUSES = {
  WAITING: 'queued',
  RUNNING: 'running',
  DONE: 'completed',
  FAILED: 'failed',
  STOPPED: 'cancelled',
};
const MAP = {
  id: 'id',
  status: 's',
  startedAt: 'start',
  endedAt: 'end',
  heartbeatAt: 'beat',
  gpus: 'g',
  model: 'm',
};
const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour));
const stored = (hour: number) => Timestamp.fromDate(at(hour));
type Row = Record<string, unknown>;

describe('importing into records that are there', () => {
  let firestore: ReturnType<typeof openTestFirestore>;
  let count = 0;
  before(() => {
    firestore = openTestFirestore();
  });
  after(() => firestore.end());

  /** A collection of its own with these records, and the import of rows into it. */
  async function setup(records: Record<string, Row>, fields: object = FIELDS, statuses: object = STATUSES) {
    const { db } = firestore;
    const collection = `jobs-${count++}`;
    const source = sourceSchema.parse({ collection, fields, statuses });
    for (const [id, record] of Object.entries(records)) await db.doc(`${collection}/${id}`).set(record);
    const finder = recordFinder('jobs', source, db);
    return {
      db,
      collection,
      async bring(
        rows: Row[],
        {
          map = MAP,
          find = finder.find,
          ...flags
        }: Partial<Omit<ImportFlags, 'map'>> & {
          map?: Record<string, string>;
          find?: RecordFinder['find'];
        } = {},
      ) {
        const plan = planImport(
          'jobs',
          { jobs: source },
          {
            map: Object.entries(map).map(([field, column]) => `${field}=${column}`),
            status: ['wait=queued', 'run=running', 'ok=completed', 'bad=failed', 'off=cancelled'],
            ...flags,
          },
        );
        const tally = newTally(100);
        const spool = openSpool();
        const all = rows.map((row, index) => ({ line: index + 1, cell: (column: string) => row[column] }));
        await readRows(
          (async function* () {
            yield* all;
          })(),
          plan,
          spool,
          tally,
        );
        const writer = recordWriter(db, { throttling: false, silenceMs: 30_000 });
        await bringJobs(spool, plan, { find }, writer, tally);
        await writer.close();
        return { ...tally.outcomes, because: [...tally.reasons.keys()], rejections: tally.rejections };
      },
      record: async (id: string) => plainOf((await db.doc(`${collection}/${id}`).get()).data()),
    };
  }
  const NOTHING = { created: 0, updated: 0, unchanged: 0, kept: 0, because: [], rejections: [] };

  test('writes only what is mapped and differs: marks, neighbours and what Nightshift added stay', async () => {
    const theirs = {
      state: 'RUNNING',
      times: { start: stored(1), end: null, queued: stored(0) },
      spec: { model: 'old', seed: 7 },
      gpus: 2,
      registered: 'resnet/3',
      keep: true,
      nightshift: { tombstone: { planId: 'p', runId: 'r' }, pinned: { by: 'ann' } },
    };
    const { bring, record } = await setup({ a: theirs });
    const rows = [{ id: 'a', s: 'ok', end: '2026-01-01T02:00:00Z', m: 'new' }];
    assert.deepEqual(await bring(rows), { ...NOTHING, updated: 1 });
    assert.deepEqual(await record('a'), {
      ...theirs,
      state: 'DONE',
      times: { start: at(1), end: at(2), queued: at(0) },
      spec: { model: 'new', seed: 7 },
    });
    assert.deepEqual(await bring(rows), { ...NOTHING, unchanged: 1 });
  });

  test('overwrites nothing by an empty cell, unless told', async () => {
    const theirs = {
      state: 'RUNNING',
      times: { start: stored(1), end: null },
      beat: stored(2),
      gpus: 4,
      spec: { model: 'm' },
    };
    const { bring, record } = await setup({ a: theirs });
    const rows = [{ id: 'a', s: 'run', start: 'None', g: '', beat: null }];
    assert.deepEqual(await bring(rows), { ...NOTHING, unchanged: 1 });
    assert.deepEqual(await record('a'), { ...theirs, times: { start: at(1), end: null }, beat: at(2) });
    assert.deepEqual(await bring(rows, { overwrite: true }), { ...NOTHING, updated: 1 });
    assert.deepEqual(await record('a'), {
      state: 'RUNNING',
      times: { start: null, end: null },
      beat: null,
      gpus: null,
      spec: { model: null },
    });
  });

  const done = { state: 'DONE', times: { start: stored(1), end: stored(2) } };
  const swept = { ...done, state: 'FAILED', nightshift: { evidence: { verdict: 'lost', by: null } } };
  const byAnn = {
    ...swept,
    nightshift: {
      evidence: {
        verdict: 'fail',
        rule: 'operator',
        because: 'x',
        backend: null,
        askedAt: null,
        said: null,
        was: 'RUNNING',
        foundAt: stored(3),
        runId: 'r',
        by: 'ann',
        fields: [],
      },
    },
  };
  const going = { state: 'RUNNING', times: { start: stored(5), end: null }, beat: stored(8) };
  for (const [name, theirs, row, why] of [
    ['an ended record is not reopened', done, { s: 'run', start: at(1) }, 'it has ended'],
    ['an ended record is not queued again', done, { s: 'wait' }, 'it has ended'],
    ['what the sweep ended stays', swept, { s: 'ok', end: at(4) }, 'the sweep ended it'],
    ['what a person ended stays', byAnn, { s: 'run', start: at(1) }, 'ann ended it'],
    [
      'an ending whose evidence nobody can read stays',
      { ...swept, nightshift: { evidence: 'odd' } },
      { s: 'ok', end: at(4) },
      'the sweep ended it',
    ],
    [
      'an end from before its start is no end of it',
      going,
      { s: 'bad', end: at(4) },
      'its record is of a later try',
    ],
    [
      'an end with life after it is no end of it',
      going,
      { s: 'bad', start: at(5), end: at(6) },
      'it shows life after that end',
    ],
    [
      'an earlier try is not written over a later one',
      done,
      { s: 'bad', start: '2025-12-31T00:00:00Z', end: at(0) },
      'its record is of a later try',
    ],
    ['its clock is not set back', going, { s: 'run', beat: at(6) }, 'its record is newer'],
    ['what runs does not wait again', going, { s: 'wait' }, 'its record is newer'],
    [
      'a status that nobody mapped is left alone',
      { ...going, state: 'ARCHIVED' },
      { s: 'run', start: at(6) },
      'nobody mapped its status "ARCHIVED"',
    ],
    [
      'a status that nobody can read is left alone',
      { ...going, state: { is: 'done' } },
      { s: 'ok', end: at(9) },
      'nobody mapped its status a map',
    ],
    [
      'without a start that can be read, no end is believed',
      { ...going, times: { start: 'soon', end: null }, beat: null },
      { s: 'ok', end: at(9) },
      'nobody can read its startedAt',
    ],
  ] as const)
    test(`${name}, unless told`, async () => {
      const { bring, record } = await setup({
        a: { ...theirs, uri: 'gs://b/now/', spec: { model: 'theirs' } },
      });
      const before = await record('a');
      const rows = [{ id: 'a', start: null, ...row, m: 'mine', uri: 'gs://b/old/', reg: 'resnet/4' }];
      const map = { ...MAP, artifactUri: 'uri', registeredModel: 'reg' };
      const texts = rows.map((it) =>
        Object.fromEntries(
          Object.entries(it).map(([key, value]) => [
            key,
            value instanceof Date ? value.toISOString() : value,
          ]),
        ),
      );
      assert.deepEqual(await bring(texts, { map }), { ...NOTHING, kept: 1, because: [why] });
      // A mark that keeps artifacts is added all the same.
      assert.deepEqual(await record('a'), { ...(before as object), registered: 'resnet/4' });
      assert.deepEqual(await bring(texts, { map, overwrite: true }), { ...NOTHING, updated: 1 });
      const { nightshift, state, uri } = (await record('a')) as Row;
      assert.deepEqual(nightshift, (before as Row).nightshift);
      assert.equal(
        STATUSES[state as 'DONE'],
        { run: 'running', wait: 'queued', ok: 'completed', bad: 'failed' }[row.s],
      );
      assert.equal(uri, 'gs://b/old/');
    });

  for (const [name, theirs, row] of [
    ['a later try of it', done, { s: 'bad', start: at(4), end: at(5) }],
    ['an end that was mended', done, { s: 'ok', end: at(3) }],
    ['its end', going, { s: 'ok', end: at(9) }],
    ['a sign of life', going, { s: 'run', beat: at(9) }],
    [
      'its start, where it only waited',
      { state: 'WAITING', times: { start: null, end: null } },
      { s: 'run', start: at(1) },
    ],
    ['a status, where it has none', { times: { start: stored(1) } }, { s: 'ok', end: at(9) }],
  ] as const)
    test(`writes ${name}`, async () => {
      const { bring } = await setup({ a: theirs });
      const texts = Object.entries(row).map(([key, value]) => [
        key,
        value instanceof Date ? value.toISOString() : value,
      ]);
      assert.deepEqual(await bring([{ id: 'a', ...Object.fromEntries(texts) }]), { ...NOTHING, updated: 1 });
    });

  test('sets back no clock, though the rest of the file is later', async () => {
    const fields = { ...FIELDS, updatedAt: time('updated') };
    const { bring, record } = await setup({ a: { ...going, updated: stored(7) } }, fields);
    const row = { id: 'a', s: 'run', beat: at(6).toISOString(), up: at(9).toISOString() };
    const told = await bring([row], { map: { ...MAP, updatedAt: 'up' } });
    assert.deepEqual(told, { ...NOTHING, kept: 1, because: ['its record is newer'] });
    const { beat, updated } = (await record('a')) as Row;
    assert.deepEqual([beat, updated], [at(8), at(9)]);
  });

  test('never writes over a record that moves between being read and being written', async () => {
    const { bring, record, db, collection } = await setup({ a: going, b: going });
    const source = sourceSchema.parse({ collection, fields: FIELDS, statuses: STATUSES });
    const finder = recordFinder('jobs', source, db);
    let looks = 0;
    const find: RecordFinder['find'] = async (ids) => {
      const places = await finder.find(ids);
      looks += 1;
      // The job ends by its own hand, and another is made, just then.
      if (looks === 1) {
        await db.doc(`${collection}/a`).update({ state: 'DONE', 'times.end': stored(9) });
        await db.doc(`${collection}/c`).set({ state: 'DONE', times: { start: stored(1), end: stored(2) } });
      }
      return places;
    };
    const rows = ['a', 'b', 'c'].map((id) => ({ id, s: 'run', g: 8 }));
    const told = await bring(rows, { find });
    assert.deepEqual(told, { ...NOTHING, updated: 1, kept: 2, because: ['it has ended'] });
    assert.deepEqual(await record('a'), {
      state: 'DONE',
      times: { start: at(5), end: at(9) },
      beat: at(8),
      gpus: 8,
    });
    assert.deepEqual(await record('c'), { state: 'DONE', times: { start: at(1), end: at(2) }, gpus: 8 });
  });

  test('gives up on a record that moves each time, and tells it', async () => {
    const { bring, record, db, collection } = await setup({ a: going });
    const source = sourceSchema.parse({ collection, fields: FIELDS, statuses: STATUSES });
    const finder = recordFinder('jobs', source, db);
    let looks = 0;
    const find: RecordFinder['find'] = async (ids) => {
      const places = await finder.find(ids);
      await db.doc(`${collection}/a`).update({ looks: ++looks });
      return places;
    };
    const { rejections, ...told } = await bring([{ id: 'a', s: 'run', g: 8 }], { find });
    assert.deepEqual(told, { created: 0, updated: 0, unchanged: 0, kept: 0, because: [] });
    assert.deepEqual(rejections, [
      { line: 1, reason: 'its record changed each time that it was to be written' },
    ]);
    assert.equal(((await record('a')) as Row).gpus, undefined);
  });

  test('finds the record of an id that is a field, under whatever name and type it is', async () => {
    const fields = { ...FIELDS, id: 'key' };
    const { bring, record } = await setup(
      {
        auto1: { ...going, key: '7' },
        auto2: { ...going, key: 8 },
        twice1: { ...going, key: 'x' },
        twice2: { ...going, key: 'x' },
        y: { ...going, key: 'z' },
      },
      fields,
    );
    const rows = ['7', '8', '9', 'x', 'y'].map((id) => ({ id, s: 'run', g: 1 }));
    const { rejections, ...told } = await bring(rows);
    assert.deepEqual(told, { created: 1, updated: 2, unchanged: 0, kept: 0, because: [] });
    assert.deepEqual(rejections, [
      { line: 4, reason: 'id "x": several records have the id "x"' },
      { line: 5, reason: 'id "y": the document of that name is the record of "z"' },
    ]);
    assert.equal(((await record('auto1')) as Row).gpus, 1);
    assert.equal(((await record('auto2')) as Row).key, 8);
    assert.deepEqual(await record('9'), {
      key: '9',
      state: 'RUNNING',
      times: { start: null, end: null },
      beat: null,
      gpus: 1,
      spec: { model: null },
    });
  });

  test('makes no map where the record has something else', async () => {
    const theirs = { state: 'RUNNING', times: 'soon', gpus: 1 };
    const { bring, record } = await setup({ a: theirs });
    const { rejections } = await bring([{ id: 'a', s: 'run', start: '2026-01-01T00:00:00Z', g: 2 }]);
    assert.deepEqual(rejections, [
      { line: 1, reason: 'id "a": its record has "soon" at times, where times.start needs a map' },
    ]);
    assert.deepEqual(await record('a'), theirs);
  });

  test('keeps a status a number that is one', async () => {
    const words = { 1: 'running', 2: 'completed', 3: 'failed', 4: 'cancelled', 0: 'queued' };
    const { bring, record } = await setup({ a: { state: 1 } }, FIELDS, words);
    assert.deepEqual(await bring([{ id: 'a', s: 'ok' }]), { ...NOTHING, updated: 1 });
    assert.deepEqual(await record('a'), { state: 2 });
  });
});
