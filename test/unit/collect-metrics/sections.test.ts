import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accept } from '../../../functions/collect-metrics/rules/accept.ts';
import { daySchema } from '../../../functions/shared/model/day/day.ts';
import {
  PLATFORM_SOURCES,
  type PlatformFigures,
  type PlatformSource,
  sectionOf,
} from '../../../functions/shared/model/day/platform.ts';
import type { BigQueryFigures } from '../../../functions/shared/model/day/sections/bigquery.ts';
import type { CloudRunFigures } from '../../../functions/shared/model/day/sections/cloud-run.ts';
import type { DatabaseFigures } from '../../../functions/shared/model/day/sections/database.ts';
import type { StorageFigures } from '../../../functions/shared/model/day/sections/storage.ts';
import { totalsOf } from '../../../functions/shared/model/day/totals.ts';
import { parseWithProblems } from '../../../functions/shared/problems.ts';
import { storedDay } from '../../support/days.ts';
import { utc } from '../../support/jobs.ts';

const STORAGE: StorageFigures = {
  buckets: 1,
  bytes: 5,
  objects: 1,
  softDeletedBytes: null,
  more: 0,
  missing: [],
  perBucket: [{ bucket: 'models', bytes: 5, objects: 1, softDeletedBytes: null }],
};
const BIGQUERY: BigQueryFigures = {
  tables: 1,
  bytes: 5,
  jobsCompleted: 3,
  jobsFailed: null,
  more: 0,
  missing: [],
  perDataset: [{ dataset: 'sales', tables: 1, bytes: 5 }],
};
const CLOUD_RUN: CloudRunFigures = {
  services: null,
  activeServices: 1,
  requests: 7,
  more: 0,
  missing: [],
  perService: [{ service: 'api', region: 'europe-west4', requests: { '2xx': 7 } }],
};
const DATABASE: DatabaseFigures = {
  firestore: {
    bytes: 5,
    documents: null,
    collections: 2,
    perDatabase: [{ database: '(default)', bytes: 5 }],
  },
  cloudSql: { instances: 1, bytes: 5, tables: null, perInstance: [{ instance: 'crm', bytes: 5 }] },
  more: 0,
  missing: [],
};
const SECTIONS: PlatformFigures = {
  storage: STORAGE,
  bigquery: BIGQUERY,
  cloudRun: CLOUD_RUN,
  database: DATABASE,
};

/** Where bookkeeping must not get in: each object of each section. */
const PLACES: Record<PlatformSource, string[][]> = {
  storage: [[], ['perBucket', '0']],
  bigquery: [[], ['perDataset', '0']],
  cloudRun: [[], ['perService', '0'], ['perService', '0', 'requests']],
  database: [
    [],
    ...[['firestore'], ['firestore', 'perDatabase', '0']],
    ...[['cloudSql'], ['cloudSql', 'perInstance', '0']],
  ],
};

/** A copy of `section` with a counter of the collector in the object at `place`. */
function withCounter(section: object, place: string[]): object {
  const copy = structuredClone(section);
  let object = copy;
  for (const key of place) object = Reflect.get(object, key);
  Reflect.set(object, 'pagesRead', 3);
  return copy;
}

describe('the section of', () => {
  for (const source of PLATFORM_SOURCES) {
    test(`${source} is taken as it is`, () => {
      assert.deepEqual(sectionOf(source).figures.parse(SECTIONS[source]), SECTIONS[source]);
      assert.ok(daySchema.safeParse(storedDay(1, SECTIONS)).success);
    });

    for (const place of PLACES[source])
      test(`${source} takes no counter of the collector in ${[source, ...place].join('.')}, and names it`, () => {
        const spoilt = withCounter(SECTIONS[source], place);
        const pathsIn = (schema: Parameters<typeof parseWithProblems>[0], value: unknown) => {
          const parsed = parseWithProblems(schema, value);
          return parsed.ok ? [] : parsed.problems.map(({ path }) => path);
        };
        const path = [...place, 'pagesRead'].join('.');
        assert.deepEqual(pathsIn(sectionOf(source).figures, spoilt), [path]);
        assert.deepEqual(pathsIn(daySchema, { ...storedDay(1, SECTIONS), [source]: spoilt }), [
          `${source}.${path}`,
        ]);
      });
  }

  test('what any source found stands for a day that had nothing of it, and its totals have no rows', () => {
    for (const source of PLATFORM_SOURCES) {
      const results = { [source]: { durationMs: 5, found: SECTIONS[source] } };
      const asked = { at: utc('2026-03-10T02:00'), closed: true, failingSince: new Map() };
      const { sections, changed } = accept(null, results, asked);
      assert.deepEqual([sections[source], changed], [SECTIONS[source], [source]]);
      const { [source]: totals } = totalsOf(sections);
      assert.doesNotMatch(JSON.stringify(totals), /"per[A-Z]|"more"/);
    }
  });

  test('every source is refused by the compiler with a counter of the collector in it', () => {
    const told = [
      // @ts-expect-error pagesRead is no figure of buckets
      { ...STORAGE, pagesRead: 3 } satisfies StorageFigures,
      // @ts-expect-error pagesRead is no figure of datasets
      { ...BIGQUERY, pagesRead: 3 } satisfies BigQueryFigures,
      // @ts-expect-error pagesRead is no figure of services
      { ...CLOUD_RUN, pagesRead: 3 } satisfies CloudRunFigures,
      // @ts-expect-error pagesRead is no figure of databases
      { ...DATABASE, pagesRead: 3 } satisfies DatabaseFigures,
    ];
    assert.equal(told.length, PLATFORM_SOURCES.length);
  });
});
