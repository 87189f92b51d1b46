import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Firestore } from '@google-cloud/firestore';
import fc from 'fast-check';
import { figuresOf } from '../../../functions/collect-metrics/rules/figures.ts';
import { addDays, dayOf, daysBetween } from '../../../functions/shared/dates.ts';
import { type Job, readJob } from '../../../functions/shared/model/job/job.ts';
import { TIME_TYPES } from '../../../functions/shared/model/reading/reading.ts';
import { toRecord } from '../../../functions/shared/store/sources/jobs.ts';
import { collector } from '../../support/collector.ts';
import { writeDocuments } from '../../support/firestore.ts';
import { sourceOf, utc } from '../../support/jobs.ts';
import { ODD_FROM, oddFields, oddRecord } from '../../support/odd-records.ts';
import { sized } from '../../support/soak.ts';

const FIRST = dayOf(ODD_FROM);
const DAYS = daysBetween(FIRST, addDays(FIRST, 4));
const NOW = '2026-03-10T02:00';
const RECORDS = sized(60, 150);
/** Of each type of time. */
const WORLDS = sized(1, 14);
const SEED = Number(process.env.NIGHTSHIFT_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`seed ${SEED} (repeat with NIGHTSHIFT_SEED=${SEED}), ${WORLDS} worlds a type`);

describe('collect-metrics', { concurrency: 2 }, () => {
  for (const type of TIME_TYPES)
    for (let world = 0; world < WORLDS; world += 1)
      test(`counts or names every record of any values, times being ${type} (${world})`, async (t) => {
        const source = sourceOf(oddFields(type));
        // As it is opened in earnest: integers are exact.
        let exact: Firestore | undefined;
        const openSource = (_: string, projectId: string) => {
          exact = new Firestore({ projectId, useBigInt: true });
          t.after(() => exact?.terminate());
          return exact;
        };
        const { db, deliver, day } = collector(t, { sources: { jobs: source }, openSource });
        const records = fc.sample(oddRecord(type), { numRuns: RECORDS, seed: SEED + world });
        await writeDocuments(
          db,
          'jobs',
          records.map((record, index) => [`odd-${index}`, record]),
        );
        // What the queries should have found: every record there is, read without any.
        const all = await exact?.collection('jobs').get();
        const jobs: Job[] = (all?.docs ?? []).map((it) => readJob(source, toRecord('jobs', it)));
        assert.equal(jobs.length, RECORDS);

        const { outcome } = await deliver(NOW, { from: FIRST, to: DAYS.at(-1) });
        assert.equal(outcome, 'succeeded');
        for (const date of DAYS) {
          const newest = date === DAYS.at(-1);
          const { jobs: counts, gpu, checks, members } = await day(date);
          const expected = figuresOf(date, jobs, utc(NOW), () => newest);
          const { skewed, malformed, unmapped, totals, reasons } = checks;
          assert.deepEqual(
            { date, counts, gpu, members, faults: { skewed, malformed, unmapped, totals, reasons } },
            {
              date,
              counts: expected.jobs,
              gpu: expected.gpu,
              members: expected.members.length,
              faults: expected.faults,
            },
          );
          assert.equal(checks.inferredEnds, expected.inferredEnds);
          assert.ok(Object.values(gpu ?? {}).every((hours) => Number.isFinite(hours) && hours >= 0));
          if (date !== FIRST)
            assert.deepEqual([checks.inFlight.status, checks.hoursUsed.status], ['holds', 'holds']);
        }
      });
});
