import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createLog } from '../../../functions/shared/log.ts';
import { alarmSchema } from '../../../functions/shared/model/run/alarm.ts';
import { decode } from '../../../functions/shared/store/firestore/firestore.ts';
import { cleanupPlanStore } from '../../../functions/shared/store/own/cleanup-plans.ts';
import { collections as collectionsOf } from '../../../functions/shared/store/own/collections.ts';
import { dayStore } from '../../../functions/shared/store/own/days.ts';
import { healthStore } from '../../../functions/shared/store/own/health.ts';
import { jobHealthStore } from '../../../functions/shared/store/own/job-health.ts';
import { journalStore } from '../../../functions/shared/store/own/journal.ts';
import { pinStore } from '../../../functions/shared/store/own/pins.ts';
import { runStore } from '../../../functions/shared/store/own/runs.ts';
import { sweepCheckpointStore } from '../../../functions/shared/store/own/sweep-checkpoints.ts';
import { ROOT } from '../../../scripts/shared/places.ts';
import { openTestFirestore } from '../../support/firestore.ts';

/**
 * Documents as the release before this one (7a75042) wrote them, a few of each kind, from a stack with its sample world:
 * lists in them are shortened. Times and bytes are marked by `$time` and `$bytes`.
 */
const STORED: Record<string, Record<string, unknown>> = JSON.parse(
  readFileSync(join(ROOT, 'test/support/last-release.json'), 'utf8'),
  (_key, value) => {
    if (typeof value?.$time === 'string') return new Date(value.$time);
    return typeof value?.$bytes === 'string' ? Buffer.from(value.$bytes, 'base64') : value;
  },
);
const SILENT = createLog({}, () => undefined);
const DAY = '2026-11-26';
const PLAN = 'plan-ff62b208-1683-46ab-8b48-2a8673a2b104';

/** The documents directly in a collection. */
function storedIn(collection: string): Record<string, unknown>[] {
  return Object.entries(STORED).flatMap(([path, document]) =>
    path.slice(0, path.lastIndexOf('/')) === collection ? [document] : [],
  );
}

/** Every field that is stored is read as it is stored; what today's schemas add beside is fine. */
function readAsStored(read: unknown, stored: unknown): void {
  assert.ok(stored);
  assert.partialDeepStrictEqual(read, stored);
}

describe('what the last release stored', () => {
  const { db, end } = openTestFirestore();
  const collections = collectionsOf(db, '');
  const days = dayStore(collections, SILENT);
  const plans = cleanupPlanStore(collections, SILENT);
  const options = { tally: { documents: 0 } };

  before(async () => {
    const batch = db.batch();
    for (const [path, document] of Object.entries(STORED)) batch.set(db.doc(path), document);
    await batch.commit();
  });
  after(end);

  test('is read of tasks', async () => {
    const { records, unreadable } = await healthStore(collections).all();
    assert.deepEqual([records.size, unreadable.size], [2, 0]);
    for (const stored of storedIn('tasks')) readAsStored(records.get(stored.task as string), stored);
  });

  test('is read of runs', async () => {
    for (const stored of storedIn('taskRuns')) {
      const at = stored.endedAt as Date;
      const [run] = await runStore(collections).newest(stored.task as string, { limit: 1 }, at);
      readAsStored(run, stored);
    }
  });

  test('is read of alarms', async () => {
    const found = await collections.alarms.orderBy('id').get();
    readAsStored(
      found.docs.map((document) => decode(alarmSchema, document)),
      storedIn('alarms'),
    );
  });

  test('is read of a day, its projects, jobs and revisions', async () => {
    const loaded = await days.load([DAY], options.tally);
    const day = loaded.get(DAY)?.data;
    assert.ok(day);
    readAsStored(day, STORED[`dailyMetrics/${DAY}`]);
    const rows = await days.projectRows(DAY, 9);
    readAsStored(
      rows.toSorted((a, b) => a.project.localeCompare(b.project)),
      storedIn(`dailyMetrics/${DAY}/projects`),
    );
    assert.deepEqual(
      await days.members(day, options.tally),
      STORED[`dailyMetrics/${DAY}/dayMembers/0`]?.names,
    );
    readAsStored(await days.revisions(DAY), storedIn(`dailyMetrics/${DAY}/revisions`));
  });

  test('is read of days in doubt, and of how far changes are known', async () => {
    const dirty = await days.dirty(options.tally);
    readAsStored(
      [...dirty.values()].map(({ data }) => data),
      storedIn('dirtyDays'),
    );
    const watermarks = await days.watermarks(['etl', 'jobs'], options.tally);
    readAsStored([...watermarks.values()], storedIn('sourceWatermarks'));
  });

  test('is read of the sweep: the health of jobs, marks and sightings', async () => {
    readAsStored(await jobHealthStore(collections).all(), storedIn('jobHealth'));
    const { pages: _, ...marks } = STORED['sweepMarks/jobs'] ?? {};
    const read = await sweepCheckpointStore(collections, SILENT).load('jobs', options);
    readAsStored(read, marks);
    assert.ok(
      read.sightings.length > 0 && read.sightings.every(({ stillSince }) => stillSince instanceof Date),
    );
  });

  test('is read of clean-ups: a plan, its lines, the state, the journal and pins', async () => {
    readAsStored((await plans.load(PLAN)).data, STORED[`cleanupPlans/${PLAN}`]);
    readAsStored(await plans.lines(PLAN), STORED[`cleanupPlans/${PLAN}/items/000003`]?.lines);
    readAsStored((await plans.state()).data, STORED['cleanupState/current']);
    const [entry] = storedIn('cleanupJournal');
    readAsStored(await journalStore(collections, SILENT).ofPlan(entry?.planId as string, null), [entry]);
    const [pin] = await pinStore(collections, SILENT).all();
    const { uri, createdAt: _, ...stored } = STORED['artifactPins/post-mortem'] ?? {};
    readAsStored(pin, stored);
    assert.ok(JSON.stringify(pin?.said).includes(String(uri)));
  });
});
