import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Firestore, Timestamp } from '@google-cloud/firestore';
import { sourceSchema } from '../../../functions/shared/model/job/source.ts';
import { beating, EXECUTIONS, sweeper } from '../../support/sweeper.ts';

const ALL = ['timestamp', 'iso', 'seconds', 'millis'] as const;

const STORED: Record<(typeof ALL)[number], (instant: Date) => unknown> = {
  timestamp: (instant) => Timestamp.fromDate(instant),
  iso: (instant) => instant.toISOString(),
  seconds: (instant) => instant.getTime() / 1_000,
  millis: (instant) => instant.getTime(),
};

describe("records in the user's own words and types", { concurrency: 4 }, () => {
  for (const type of ALL)
    test(`are found and ended where times are stored as ${type}`, async (t) => {
      const stored = STORED[type];
      const time = (path: string) => ({ path, type });
      const source = sourceSchema.parse({
        collection: 'laufende',
        mode: 'enforce',
        addedField: 'zusatz.nachts',
        fields: {
          id: 'kennung',
          status: 'lage.wort',
          error: 'lage.grund',
          startedAt: time('zeiten.beginn'),
          heartbeatAt: time('zeiten.puls'),
          endedAt: time('zeiten.ende'),
          updatedAt: time('zeiten.stand'),
        },
        statuses: {
          WARTET: 'queued',
          LÄUFT: 'running',
          FERTIG: 'completed',
          FEHLER: 'failed',
          KAPUTT: 'failed',
          AUS: 'cancelled',
        },
        write: { failed: 'KAPUTT' },
      });
      const world = sweeper(t, { sources: { laufende: source } });
      const [began, beat] = [world.ago(90), world.ago(60)];
      const record = (kennung: string, puls: unknown, wort = 'LÄUFT') => ({
        kennung,
        lage: { wort, seit: 3 },
        zeiten: { beginn: stored(began), puls },
        zusatz: { eigenes: true },
      });
      await world.stand(
        {
          dead: record('T-1', stored(beat)),
          alive: record('T-2', stored(world.ago(2))),
          ended: record('T-3', stored(beat), 'FERTIG'),
          wrong: record('T-4', type === 'timestamp' ? beat.toISOString() : Timestamp.fromDate(beat)),
        },
        'laufende',
      );
      await world.settle();
      assert.deepEqual([(await world.deliver()).summary.lost], [1]);
      const { lage, zeiten, zusatz, kennung } = await world.job('laufende/dead');
      assert.deepEqual(
        { kennung, zeiten, lage: { ...(lage as object), grund: '' } },
        {
          kennung: 'T-1',
          lage: { wort: 'KAPUTT', seit: 3, grund: '' },
          zeiten: {
            beginn: stored(began),
            puls: stored(beat),
            ende: stored(beat),
            stand: stored(world.now()),
          },
        },
      );
      const { eigenes, nachts } = zusatz as { eigenes: unknown; nachts: { evidence: { was: string } } };
      assert.deepEqual([eigenes, nachts.evidence.was], [true, 'LÄUFT']);
      for (const id of ['alive', 'wrong'])
        assert.equal(((await world.job(`laufende/${id}`)).lage as { wort: string }).wort, 'LÄUFT');
      // No query by its heartbeat finds the wrong one, and nobody can read that.
      world.pass(20);
      await world.deliver();
      const { summary } = await world.deliver({ dryRun: true });
      const told = summary.verdicts.map(({ job, rule }) => `${job} ${rule}`);
      assert.deepEqual(told, ['T-2 silent', 'T-4 unreadable']);
      assert.equal((await world.next()).summary.lost, 1);
      assert.equal(((await world.job('laufende/wrong')).lage as { wort: string }).wort, 'LÄUFT');
    });

  test('keep a number as a status', async (t) => {
    const statuses = { 0: 'queued', 1: 'running', 2: 'completed', 3: 'failed', 4: 'cancelled' };
    const world = sweeper(t, { sources: { jobs: beating({ statuses }) } });
    await world.stand({ dead: { status: 1, startedAt: world.ago(90), heartbeatAt: world.ago(60) } });
    await world.settle();
    assert.equal((await world.deliver()).summary.lost, 1);
    assert.equal((await world.job('dead')).status, 3);
  });

  test('without a word for failed are unknown, and the key that is missing is named', async (t) => {
    const statuses = {
      queued: 'queued',
      running: 'running',
      completed: 'completed',
      cancelled: 'cancelled',
      FAILED: 'failed',
      CRASHED: 'failed',
    };
    const world = sweeper(t, { sources: { jobs: beating({ statuses }) } });
    await world.stand({ dead: { status: 'running', startedAt: world.ago(90), heartbeatAt: world.ago(60) } });
    await world.settle();
    const { summary, problems, outcome } = await world.deliver();
    assert.deepEqual([summary.unknown, summary.lost, outcome], [1, 0, 'partial']);
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['sources.jobs.write.failed'],
    );
    assert.equal((await world.job('dead')).status, 'running');
  });

  test('have limits per type', async (t) => {
    const types = { short: { staleAfterMinutes: 1, graceMinutes: 0 }, long: { staleAfterMinutes: 600 } };
    const world = sweeper(t, { sources: { jobs: beating({ sweep: { types } }) } });
    const silentFor = (type: string, minutes: number) => ({
      type,
      status: 'running',
      startedAt: world.ago(200),
      heartbeatAt: world.ago(minutes),
    });
    await world.stand({
      short: silentFor('short', 12),
      long: silentFor('long', 120),
      other: silentFor('other', 12),
    });
    await world.settle();
    const { summary } = await world.deliver();
    assert.deepEqual([summary.scanned, summary.lost], [1, 1]);
    assert.deepEqual(await world.statuses(), { short: 'failed', long: 'running', other: 'running' });
  });
});

describe('sources that are elsewhere', { concurrency: 4 }, () => {
  test('in a database of another name are ended there, and the days marked in ours', async (t) => {
    let other: Firestore | undefined;
    const openSource = (_name: string, projectId: string) => {
      other = new Firestore({ projectId, databaseId: 'theirs' });
      return other;
    };
    const world = sweeper(t, { openSource });
    assert.ok(other);
    const theirs = other;
    t.after(() => theirs.terminate());
    const record = { status: 'running', startedAt: world.ago(90), heartbeatAt: world.ago(60) };
    for (const id of ['dead', 'finishes']) await theirs.doc(`jobs/${id}`).set(record);
    await world.settle();
    world.pass(20);
    await world.deliver();
    world.pass(10);
    world.replaceStores((store) => ({
      ...store,
      async *pages(...how) {
        for await (const page of store.pages(...how)) {
          await theirs.doc('jobs/finishes').update({ status: 'completed' });
          yield page;
        }
      },
    }));
    const { summary } = await world.deliver();
    assert.deepEqual([summary.lost, summary.skippedRace], [1, 1]);
    const found = await theirs.collection('jobs').get();
    assert.deepEqual(
      found.docs.map((document) => [document.id, document.get('status')]),
      [
        ['dead', 'failed'],
        ['finishes', 'completed'],
      ],
    );
    assert.equal((await world.job('dead')).status, undefined);
    assert.ok((await world.dirtyDays()).length > 0);
  });

  test('below many parents are found as a collection group, with their executions', async (t) => {
    const source = beating({ collection: 'runs', group: true, executions: EXECUTIONS });
    const world = sweeper(t, { sources: { jobs: source } });
    const dead = { status: 'running', startedAt: world.ago(90), heartbeatAt: world.ago(60) };
    await world.stand({ one: dead }, 'teams/a/runs');
    await world.stand({ one: { ...dead, status: 'completed', endedAt: world.ago(60) } }, 'teams/b/runs');
    await world.stand({ 1: { status: 'running', startedAt: world.ago(80) } }, 'teams/b/runs/one/executions');
    await world.settle();
    const { summary } = await world.deliver();
    assert.deepEqual([summary.lost, summary.executionsFixed], [1, 1]);
    assert.equal((await world.job('teams/a/runs/one')).status, 'failed');
    assert.equal((await world.job('teams/b/runs/one/executions/1')).status, 'failed');
  });
});
