import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Firestore } from '@google-cloud/firestore';
import type { LinkedSource } from '../../../functions/observe-workloads/refresh/link-jobs.ts';
import { problemsOf, summaryOf } from '../../../functions/observe-workloads/summary.ts';
import { HOUR_MS, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { UpstreamError } from '../../../functions/shared/errors.ts';
import { backendSchema } from '../../../functions/shared/model/job/backend.ts';
import { sourceSchema } from '../../../functions/shared/model/job/source.ts';
import { type TableName, tablesOf } from '../../../functions/shared/model/workload/tables.ts';
import {
  type BackendJobStore,
  backendJobStore,
} from '../../../functions/shared/store/sources/backend-jobs.ts';
import { ENDPOINTS } from '../../../functions/status/api/endpoints.ts';
import { envelopeOf } from '../../../functions/status/api/envelope.ts';
import { PROJECT_NUMBER } from '../../../scripts/stack/stand-ins/google/vertex.ts';
import { PROJECT, recordedLog } from '../../support/google.ts';
import { build, customJob, EAST, execution, freshObserver, WEST } from '../../support/observer.ts';
import { statusService } from '../../support/status.ts';
import { EXECUTIONS, MAPPING } from '../../support/sweeper.ts';
import { noon } from '../../support/workloads.ts';

/** The records of jobs that `backend` runs, in the collection `name`; `over` is over what they map. */
function source(db: Firestore, name: string, backend: object, over: object = {}): LinkedSource {
  const settings = backendSchema.parse(backend);
  const mapped = sourceSchema.parse({
    ...MAPPING,
    collection: name,
    fields: { ...MAPPING.fields, backendId: 'run' },
    backend: settings,
    ...over,
  });
  return {
    store: backendJobStore(name, mapped, db, recordedLog().log),
    backend: { settings, project: ('googleProject' in settings && settings.googleProject) || PROJECT },
  };
}

const VERTEX = { kind: 'vertex-ai', region: WEST };
/** The name of a custom job as Vertex AI gives it. */
const vertexName = (id: string) => `projects/${PROJECT_NUMBER}/locations/${WEST}/customJobs/${id}`;

/** The rows of a table that are jobs of ours, by the ids of the workloads. */
async function linked(observer: Awaited<ReturnType<typeof freshObserver>>, table: TableName) {
  const { rows } = await observer.stored(table);
  return Object.fromEntries(
    rows.flatMap(({ name, ourJob }) => (ourJob ? [[name, `${ourJob.source}/${ourJob.id}`]] : [])),
  );
}

/** An observer of Vertex AI with jobs `7` and `8`, beside two sources that can be made deaf or broken. */
async function withTwo(t: TestContext, limits = {}) {
  const fault: { of?: string; as?: () => Promise<never> } = {};
  const faulty = ({ store, backend }: LinkedSource): LinkedSource => {
    const jobsAt: BackendJobStore['jobsAt'] = (ids, options) =>
      fault.of === store.name && fault.as ? fault.as() : store.jobsAt(ids, options);
    return { store: { ...store, jobsAt }, backend };
  };
  const observer = await freshObserver(t, {
    limits,
    sources: (db) => ['first', 'second'].map((name) => faulty(source(db, name, VERTEX))),
  });
  observer.world.customJobs = [customJob('7'), customJob('8')];
  return { observer, fault };
}

describe('the workloads that are jobs of ours', () => {
  test('are linked by each name that a record may have for them, whatever became of the job', async (t) => {
    const tried = {
      executions: { ...EXECUTIONS, collection: 'tries', fields: { ...EXECUTIONS.fields, backendId: 'at' } },
    };
    const observer = await freshObserver(t, {
      sources: (db) => [
        source(db, 'training', VERTEX, {
          ...tried,
          fields: { ...MAPPING.fields, backendId: 'run', id: 'label' },
        }),
        source(db, 'agents', { kind: 'cloud-run' }),
        source(db, 'images', { kind: 'cloud-build' }),
        source(db, 'elsewhere', { ...VERTEX, googleProject: 'other' }),
        source(db, 'etl', {
          kind: 'http',
          url: 'https://etl.example.com/{id}',
          state: 'state',
          statuses: {},
        }),
      ],
    });
    const { db, world } = observer;
    world.customJobs = ['1', '2', '3', '4', '5'].map((id) => customJob(id));
    world.customJobs.push(customJob('1', { region: EAST }));
    world.executions = [execution('agent-a'), execution('agent-b', { region: EAST })];
    world.builds = [build('b1', { region: 'global' }), build('b2')];
    const records: [path: string, record: object][] = [
      ['training/ended', { status: 'completed', run: '1', label: 'night-1' }],
      ['training/full', { status: 'running', run: vertexName('2'), label: 'night-2' }],
      ['training/named', { status: 'lost', run: `projects/${PROJECT}/locations/${WEST}/customJobs/3` }],
      ['training/tried', { status: 'failed', label: 'night-4' }],
      ['training/tried/tries/1', { status: 'failed', at: 4 }],
      ['others/job', { status: 'failed' }],
      ['others/job/tries/1', { status: 'failed', at: '5' }],
      // A short name is one only where the settings name a region.
      ['agents/short', { status: 'running', run: 'agent-b' }],
      ['agents/full', { run: `projects/${PROJECT}/locations/${WEST}/jobs/agent/executions/agent-a` }],
      ['images/global', { run: 'b1' }],
      ['images/regional', { run: 'b2' }],
      ['elsewhere/other-project', { run: '5' }],
      ['etl/number', { run: '5' }],
    ];
    const batch = db.batch();
    for (const [path, record] of records) batch.set(db.doc(path), record);
    // So many are active that no list has all of them.
    for (let nth = 0; nth < 60; nth += 1)
      batch.set(db.doc(`training/active-${nth}`), { status: 'running', run: `other-${nth}` });
    await batch.commit();
    const refreshed = await observer.refresh();
    assert.deepEqual(await linked(observer, 'vertex'), {
      'train-1': 'training/night-1',
      'train-2': 'training/night-2',
      'train-3': 'training/named',
      'train-4': 'training/night-4',
    });
    const inEast = (await observer.stored('vertex')).rows.find(({ region }) => region === EAST);
    assert.deepEqual([inEast?.id, inEast?.ourJob], ['1', null], 'of that region the settings say nothing');
    assert.deepEqual(await linked(observer, 'runner'), { 'agent-a': 'agents/full' });
    assert.deepEqual(await linked(observer, 'builds'), { 'build b1': 'images/global' });
    assert.deepEqual([refreshed.jobs.found, refreshed.jobs.silent], [6, []]);
    assert.deepEqual(summaryOf(refreshed).jobs, { found: 6, read: refreshed.jobs.read });
    assert.ok(refreshed.jobs.read < 20, `${refreshed.jobs.read} documents, of 70`);

    const service = statusService(t, {
      begin: noon(),
      db,
      change: (tools) => ({
        ...tools,
        workloads: { ...tools.workloads, tables: tablesOf(observer.settings) },
      }),
    });
    const { data } = envelopeOf(ENDPOINTS.workloads.data).parse(await service.json('/api/workloads'));
    const told = data.tables.flatMap(({ rows }) => rows.flatMap(({ ourJob }) => ourJob?.id ?? []));
    assert.deepEqual(told.sort(), ['full', 'global', 'named', 'night-1', 'night-2', 'night-4']);
  });

  test('stay so, without another read, when their record goes, their region is silent, or they end', async (t) => {
    const { observer } = await withTwo(t);
    const { db, world } = observer;
    await db.doc('first/night').set({ run: vertexName('7') });
    await db.doc('second/day').set({ run: '8' });
    await observer.refresh();
    const both = { 'train-7': 'first/night', 'train-8': 'second/day' };
    assert.deepEqual(await linked(observer, 'vertex'), both);
    await db.doc('first/night').delete();
    observer.restart();
    observer.pass(5 * MINUTE_MS);
    world.customJobs = [
      customJob('7', { state: 'JOB_STATE_SUCCEEDED', endedAt: noon(2) }),
      // Listed no more, it is asked about by its id.
      customJob('8', { state: 'JOB_STATE_CANCELLED', createdAt: noon(-20_000), endedAt: noon(2) }),
    ];
    assert.equal((await observer.refresh()).jobs.read, 0);
    assert.deepEqual(await linked(observer, 'vertex'), both);
    observer.apis.faults.add({ api: 'aiplatform', fault: { kind: 'status', status: 503 } });
    observer.pass(5 * MINUTE_MS);
    await observer.refresh();
    assert.deepEqual(await linked(observer, 'vertex'), both);
  });

  test('whose record comes late are found, and are looked for ever more seldom until then', async (t) => {
    const { observer } = await withTwo(t);
    const reads = async (ms: number) => {
      observer.pass(ms);
      return (await observer.refresh()).jobs.read;
    };
    // One query of each source: a tenth of the 30 minutes that they are old is waited then.
    assert.equal(await reads(0), 2);
    assert.equal(await reads(2 * MINUTE_MS), 0);
    assert.equal(await reads(2 * MINUTE_MS), 2);
    await observer.db.doc('second/late').set({ run: '8' });
    assert.equal(await reads(2 * MINUTE_MS), 0);
    assert.equal(await reads(HOUR_MS), 2);
    assert.deepEqual(await linked(observer, 'vertex'), { 'train-8': 'second/late' });
  });

  test('belong to the first source in the settings that claims them, and there to the first record', async (t) => {
    const { observer, fault } = await withTwo(t);
    for (const path of ['second/a', 'first/c', 'first/b']) await observer.db.doc(path).set({ run: '7' });
    await observer.db.doc('first/full').set({ run: vertexName('7') });
    for (const path of ['first/z', 'first/y']) await observer.db.doc(path).set({ run: '8' });
    await observer.db.doc('second/z').set({ run: vertexName('8') });
    await observer.refresh();
    assert.deepEqual(await linked(observer, 'vertex'), { 'train-7': 'first/full', 'train-8': 'first/y' });

    // What was seen first stays, also where the other source answers again.
    observer.world.customJobs = [customJob('9')];
    for (const path of ['second/of-9', 'first/of-9']) await observer.db.doc(path).set({ run: '9' });
    Object.assign(fault, {
      of: 'first',
      as: () => Promise.reject(new UpstreamError('no', { retryable: true })),
    });
    observer.pass(5 * MINUTE_MS);
    await observer.refresh();
    fault.of = '';
    observer.pass(5 * MINUTE_MS);
    await observer.refresh();
    assert.deepEqual(await linked(observer, 'vertex'), { 'train-9': 'second/of-9' });
  });

  test('are shown without a link while their source cannot be read, which is told; that of others is there', async (t) => {
    const { observer, fault } = await withTwo(t);
    await observer.db.doc('first/a').set({ run: '7' });
    await observer.db.doc('second/b').set({ run: '8' });
    const denied = () => Promise.reject(new UpstreamError('7 PERMISSION_DENIED', { retryable: false }));
    Object.assign(fault, { of: 'first', as: denied });
    const broken = await observer.refresh();
    assert.deepEqual(await linked(observer, 'vertex'), { 'train-8': 'second/b' });
    assert.deepEqual(problemsOf(broken), [
      {
        path: 'sources.first',
        message: 'Cannot tell which workloads are its jobs: 7 PERMISSION_DENIED',
      },
    ]);
    fault.of = '';
    // What could not be read is not absent: the next refresh asks again.
    await observer.refresh();
    assert.deepEqual(await linked(observer, 'vertex'), { 'train-7': 'first/a', 'train-8': 'second/b' });
  });

  test('are written in time although a source never answers, which is named', async (t) => {
    const { observer, fault } = await withTwo(t, { sourceMs: 30 });
    await observer.db.doc('first/a').set({ run: '7' });
    Object.assign(fault, { of: 'first', as: () => new Promise<never>(() => {}) });
    const { hung, jobs, tables } = await observer.refresh();
    assert.ok(tables.every(({ complete }) => complete));
    assert.equal((await observer.stored('vertex')).rows.length, 2);
    const first = hung.find(({ operation }) => operation === 'jobs of source first');
    assert.deepEqual([first?.table, first?.region, first?.stage], ['vertex', null, 'connection']);
    const told = jobs.silent.find(({ source: name }) => name === 'first');
    assert.equal(told?.error, 'Cannot finish jobs of source first: no answer within 30 ms, at connection');
    assert.ok((await observer.record()).hung.some(({ operation }) => operation === first?.operation));
    fault.of = '';
    await observer.refreshWith({ limits: { ...observer.tools().limits, sourceMs: 30_000 } });
    assert.deepEqual(await linked(observer, 'vertex'), { 'train-7': 'first/a' });
  });
});
