import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OPEN_SOURCE } from '../../../functions/collect-metrics/sources/registry.ts';
import { PLATFORM_SOURCES, SECTIONS } from '../../../functions/shared/model/day/platform.ts';
import { defineSection } from '../../../functions/shared/model/day/sections/section.ts';
import { BACKENDS } from '../../../functions/shared/model/job/backend.ts';
import { SECTION_WORDS } from '../../../scripts/words/section.ts';
import { KINDS } from '../../support/backends.ts';

/** What the compiler refuses is marked: where it no longer does, the mark itself is an error of types. */
describe('a metric source of the platform', () => {
  test('does not compile without one of the parts of its section', () => {
    const { figures, settings, reachDays, uses, permissions, keepSeen, totals } = SECTIONS.storage;
    const whole = { figures, settings, reachDays, uses, permissions, keepSeen, totals };
    assert.deepEqual(defineSection(whole), SECTIONS.storage);
    const lacking = [
      // @ts-expect-error no schema of what a day stores
      () => defineSection({ settings, reachDays, uses, permissions, keepSeen, totals }),
      // @ts-expect-error no schema of its settings
      () => defineSection({ figures, reachDays, uses, permissions, keepSeen, totals }),
      // @ts-expect-error not how far back it reaches
      () => defineSection({ figures, settings, uses, permissions, keepSeen, totals }),
      // @ts-expect-error not which APIs it asks
      () => defineSection({ figures, settings, reachDays, permissions, keepSeen, totals }),
      // @ts-expect-error not what it may need
      () => defineSection({ figures, settings, reachDays, uses, keepSeen, totals }),
      // @ts-expect-error not how an answer is accepted where one stands
      () => defineSection({ figures, settings, reachDays, uses, permissions, totals }),
      // @ts-expect-error no totals
      () => defineSection({ figures, settings, reachDays, uses, permissions, keepSeen }),
      // @ts-expect-error a permission of no API in the table
      () => defineSection({ ...whole, permissions: { storage: ['storage.buckets.lst'] } }),
      // @ts-expect-error an API that it asks without a permission
      () => defineSection({ ...whole, uses: () => [{ api: 'sql' }] }),
    ];
    assert.equal(lacking.length, 9);
  });

  test('does not compile where it cannot be asked, or has no words', () => {
    const { storage: _, ...asked } = OPEN_SOURCE;
    const { storage: __, ...worded } = SECTION_WORDS;
    const lacking = [
      // @ts-expect-error storage cannot be asked
      asked satisfies typeof OPEN_SOURCE,
      // @ts-expect-error storage has no words
      worded satisfies typeof SECTION_WORDS,
    ];
    assert.equal(lacking.length, 2);
    assert.deepEqual(Object.keys(OPEN_SOURCE).sort(), PLATFORM_SOURCES.toSorted());
    assert.deepEqual(Object.keys(SECTION_WORDS).sort(), PLATFORM_SOURCES.toSorted());
  });
});

describe('a kind of backend', () => {
  test('has its own name in its settings, and is held to what every backend has to do', () => {
    for (const [kind, { settings }] of Object.entries(BACKENDS))
      assert.equal(settings.shape.kind.value, kind);
    assert.deepEqual(Object.keys(KINDS).sort(), Object.keys(BACKENDS).sort());
  });
});
