import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { accept, type Results } from '../../../functions/collect-metrics/rules/accept.ts';
import { endOfDay, HOUR_MS } from '../../../functions/shared/dates.ts';
import {
  type DailyMetrics,
  daySchema,
  type MetricSource,
  type Sections,
  sectionsOf,
} from '../../../functions/shared/model/day/day.ts';
import type { CloudRunFigures } from '../../../functions/shared/model/day/sections/cloud-run.ts';
import type { DatabaseFigures } from '../../../functions/shared/model/day/sections/database.ts';
import type { StorageFigures } from '../../../functions/shared/model/day/sections/storage.ts';
import { DATE, figuresWith, revisedBy } from '../../support/days.ts';
import { utc } from '../../support/jobs.ts';
import { sized } from '../../support/soak.ts';

const MORNING = '2026-03-10T02:00';
const NEXT = '2026-03-11T02:00';

function storage(over: Partial<StorageFigures> = {}): StorageFigures {
  return {
    buckets: null,
    bytes: 40,
    objects: 7,
    softDeletedBytes: 0,
    perBucket: [],
    more: 0,
    missing: [],
    ...over,
  };
}

function cloudRun(over: Partial<CloudRunFigures> = {}): CloudRunFigures {
  return { services: null, activeServices: 1, requests: 5, perService: [], more: 0, missing: [], ...over };
}

function database(collections: number | null, instances: number | null): DatabaseFigures {
  return {
    firestore: { bytes: 9, documents: null, collections, perDatabase: [] },
    cloudSql: { instances, bytes: 8, tables: null, perInstance: [] },
    more: 0,
    missing: [],
  };
}

const found = <T>(it: T) => ({ durationMs: 5, found: it });
const failed = (error = 'denied') => ({ durationMs: 5, error });
/** The day after `results` came at `at`. */
const dayAfter = (stored: DailyMetrics | null, at: string, results: Results) =>
  revisedBy(stored, at, results).day;

describe('accept()', () => {
  test('keeps what stands of a source that failed, and says since when', () => {
    const stored = dayAfter(null, MORNING, { storage: found(storage()) });
    const since = utc('2026-03-08T02:00');
    const asking = { at: utc(NEXT), closed: true, failingSince: new Map([['storage', since] as const]) };
    const { sections, states, changed } = accept(stored, { storage: failed() }, asking);
    assert.deepEqual([sections, changed], [sectionsOf(stored), []]);
    assert.deepEqual(states.storage, {
      ...stored.sources.storage,
      status: 'stale',
      error: 'denied',
      failingSince: since,
    });
  });

  test('has null and no zero for a source that never answered', () => {
    const asking = { at: utc(MORNING), closed: true, failingSince: new Map() };
    const { sections, states } = accept(null, { storage: failed(), bigquery: failed() }, asking);
    assert.deepEqual(Object.values(sections), [null, null, null, null, null, null, null]);
    assert.deepEqual(states.storage, {
      status: 'failed',
      durationMs: 5,
      error: 'denied',
      collectedAt: null,
      failingSince: utc(MORNING),
      settledSince: null,
      fingerprint: '',
    });
  });

  test('leaves a source alone that was not asked', () => {
    const stored = dayAfter(null, MORNING, { storage: found(storage()), cloudRun: found(cloudRun()) });
    const { sources } = dayAfter(stored, NEXT, { cloudRun: found(cloudRun()) });
    assert.deepEqual(sources.storage, stored.sources.storage);
  });

  test('takes a section without some parts over nothing, as partial, and never settles it', () => {
    const partial = { storage: found(storage({ bytes: null, missing: ['logs'] })) };
    const first = dayAfter(null, MORNING, partial);
    const second = dayAfter(first, NEXT, partial);
    assert.deepEqual(second.storage, partial.storage.found);
    assert.deepEqual(
      [second.sources.storage?.status, second.sources.storage?.error, second.sources.storage?.settledSince],
      ['partial', 'no answer from logs', null],
    );
    assert.deepEqual([second.status, second.revision], ['provisional', 1]);
  });

  test('brings what was missing as a revision that says so', () => {
    const partial = { storage: found(storage({ bytes: null, missing: ['logs'] })) };
    const { day, revision } = revisedBy(dayAfter(null, MORNING, partial), NEXT, {
      storage: found(storage()),
    });
    assert.deepEqual([day.storage?.bytes, day.sources.storage?.status], [40, 'ok']);
    assert.deepEqual([revision?.cause, revision?.storage?.bytes], ['storage brought what was missing', null]);
  });

  const LACKING: [stands: string[], came: string[], taken: boolean][] = [
    [[], ['a'], false],
    [['a'], ['a', 'b'], false],
    [['a'], ['b'], false],
    [['a', 'b'], ['a'], true],
    [['a', 'b'], ['a', 'b'], true],
  ];
  for (const [stands, came, taken] of LACKING)
    test(`${taken ? 'takes' : 'refuses'} a section without [${came}] where one without [${stands}] stands`, () => {
      const stored = dayAfter(null, MORNING, { storage: found(storage({ missing: stands, objects: 1 })) });
      const after = dayAfter(stored, NEXT, { storage: found(storage({ missing: came, objects: 2 })) });
      assert.equal(after.storage?.objects, taken ? 2 : 1);
      assert.deepEqual(after.storage?.missing, taken ? came : stands);
      assert.equal(after.sources.storage?.status, taken ? 'partial' : 'stale');
      if (!taken) assert.equal(after.sources.storage?.error, `no answer from ${came.join(', ')}`);
    });

  test('keeps what was seen on the day after as it was seen first, and takes it when it was not', () => {
    const seen = {
      storage: found(storage({ buckets: 3 })),
      cloudRun: found(cloudRun({ services: 2 })),
      database: found(database(4, 1)),
    };
    const unseen = {
      storage: found(storage()),
      cloudRun: found(cloudRun()),
      database: found(database(null, null)),
    };
    const fewer = {
      storage: found(storage({ buckets: 0 })),
      cloudRun: found(cloudRun({ services: 0 })),
      database: found(database(0, 0)),
    };
    const lists = ({ storage: held, cloudRun: run, database: data }: Sections) => [
      ...[held?.buckets, run?.services, data?.firestore.collections, data?.cloudSql?.instances],
    ];
    const first = dayAfter(null, MORNING, seen);
    for (const later of [unseen, fewer]) {
      const after = dayAfter(first, NEXT, later);
      assert.deepEqual([lists(after), after.revision], [[3, 2, 4, 1], 1]);
      assert.deepEqual(after.status, 'final', 'so the day settles');
    }
    assert.deepEqual(lists(dayAfter(dayAfter(null, MORNING, unseen), NEXT, seen)), [3, 2, 4, 1]);
  });

  test('finds the same in another order of keys and in another order of the answer', () => {
    const rows = (requests: CloudRunFigures['perService'][number]['requests']) =>
      cloudRun({ perService: [{ service: 'web', region: 'eu', requests }] });
    const stored = dayAfter(null, MORNING, { cloudRun: found(rows({ '2xx': 3, '5xx': 1 })) });
    const { figuresChanged } = revisedBy(stored, NEXT, { cloudRun: found(rows({ '5xx': 1, '2xx': 3 })) });
    assert.equal(figuresChanged, false);
  });
});

const SOURCES = ['jobs', 'etl', 'storage', 'cloudRun', 'database'] as const;

const count = fc.option(fc.integer({ min: 0, max: 2 }));
const missing = fc.constantFrom<string[]>([], [], [], ['a'], ['b'], ['a', 'b']);
const oneOf = <T>(figures: fc.Arbitrary<T>) =>
  fc.oneof(
    { weight: 4, arbitrary: figures.map(found) },
    { weight: 2, arbitrary: fc.constantFrom('denied', 'it hung').map(failed) },
  );
const book = fc.integer({ min: 0, max: 2 }).map((jobs) => figuresWith(jobs));
const results: fc.Arbitrary<Results> = fc.record(
  {
    jobs: oneOf(book),
    etl: oneOf(book),
    storage: oneOf(fc.record({ buckets: count, bytes: count, missing }).map(storage)),
    cloudRun: oneOf(fc.record({ services: count, requests: count, missing }).map(cloudRun)),
    database: oneOf(fc.tuple(count, count).map(([a, b]) => database(a, b))),
  },
  { requiredKeys: [] },
);
/** Collections one after the other, the first ones before the day has ended. */
const collections = fc.array(fc.record({ waitHours: fc.integer({ min: 0, max: 30 }), results }), {
  minLength: 1,
  maxLength: 12,
});

interface Step {
  before: DailyMetrics | null;
  after: DailyMetrics;
  results: Results;
  at: Date;
}

/** What becomes of a day by such collections. */
function stepsOf(collected: readonly { waitHours: number; results: Results }[]): Step[] {
  let at = endOfDay(DATE).getTime() - 12 * HOUR_MS;
  let before: DailyMetrics | null = null;
  return collected.map(({ waitHours, results: brought }) => {
    at += waitHours * HOUR_MS;
    const text = new Date(at).toISOString().replace('Z', '');
    const { day } = revisedBy(before, text, brought, { configured: SOURCES });
    const step = { before, after: day, results: brought, at: new Date(at) };
    before = day;
    return step;
  });
}

function always(holds: (step: Step, source: (typeof SOURCES)[number]) => void): void {
  fc.assert(
    fc.property(collections, (collected) => {
      for (const step of stepsOf(collected)) for (const source of SOURCES) holds(step, source);
    }),
    { numRuns: sized(40, 1_500) },
  );
}

describe('a day, whatever its sources bring', () => {
  test('never loses a section, nor a part of one', () =>
    always(({ before, after }, source) => {
      const [stood, stands] = [before?.[source], after[source]];
      if (stood) assert.ok(stands, `${source} is gone`);
      const lacks = stands && 'missing' in stands ? stands.missing : [];
      const lacked = stood && 'missing' in stood ? stood.missing : lacks;
      assert.deepEqual(
        lacks.filter((part) => !lacked.includes(part)),
        [],
      );
    }));

  test('has the same section after a source failed or was not asked', () =>
    always(({ before, after, results: brought }, source) => {
      const result = brought[source];
      if (result && 'found' in result) return;
      assert.deepEqual(after[source], before?.[source] ?? null);
      if (!result) assert.deepEqual(after.sources[source], before?.sources[source]);
      else
        assert.equal(
          after.sources[source]?.status,
          before?.sources[source]?.collectedAt ? 'stale' : 'failed',
        );
    }));

  test('never has a figure that no source brought', () =>
    always(({ before, after, results: brought }, source) => {
      if (!before?.[source] && !(brought[source] && 'found' in brought[source]))
        assert.equal(after[source], null);
      const result = brought.storage;
      if (source !== 'storage' || !result || !('found' in result)) return;
      const one = [before?.storage?.bytes ?? null, result.found.bytes];
      assert.ok(one.includes(after.storage?.bytes ?? null), 'the bytes of before, or those that came');
    }));

  test('keeps what was seen first of what is there now', () =>
    always(({ before, after }) => {
      const seen = (day: DailyMetrics | null) => [
        ...[day?.storage?.buckets, day?.cloudRun?.services],
        ...[day?.database?.firestore.collections, day?.database?.cloudSql?.instances],
      ];
      for (const [index, value] of seen(before).entries())
        if (typeof value === 'number') assert.equal(seen(after)[index], value);
    }));

  test('settles a source anew only when it says something else, never backwards, and never before the day ended', () =>
    always(({ before, after, at }, source) => {
      const [was, is] = [before?.sources[source], after.sources[source]];
      if (!is) return;
      if (is.fingerprint === was?.fingerprint && was.settledSince && is.status !== 'partial')
        assert.deepEqual(is.settledSince, was.settledSince);
      else if (is.settledSince) assert.deepEqual(is.settledSince, at);
      if (is.settledSince && was?.settledSince) assert.ok(is.settledSince >= was.settledSince);
      if (is.settledSince) assert.ok(is.settledSince >= endOfDay(DATE));
    }));

  test('is the same after the same once more', () =>
    always(({ after, results: brought, at }) => {
      const again = revisedBy(after, at.toISOString().replace('Z', ''), brought, { configured: SOURCES });
      assert.deepEqual([again.figuresChanged, again.write], [false, false]);
      assert.deepEqual(again.day, after);
    }));

  test('is one that the strict schema takes, and is final only when all of its sources have settled', () =>
    always(({ after }) => {
      assert.deepEqual(daySchema.parse(after), after);
      if (after.status !== 'final') return;
      const states = SOURCES.map((source: MetricSource) => after.sources[source]);
      for (const state of states) {
        assert.ok(state?.collectedAt && state.settledSince);
        assert.ok(state.collectedAt.getTime() - state.settledSince.getTime() >= 20 * HOUR_MS);
      }
    }));
});
