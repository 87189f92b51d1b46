import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mulberry32 } from '../../../scripts/stack/sample-dice.ts';
import { SOAK_ONLY, seededRandom, sized } from '../../support/soak.ts';
import { type Findings, RULES, type Rules, simulate } from '../../support/sweep-simulation.ts';

const [JOBS, HOURS] = [sized(1_000, 10_000), sized(8, 24)];

function wrongs({ liveEnded, overwritten, wrongEnd, late }: Findings) {
  return { liveEnded, overwritten, wrongEnd, late };
}

describe('10,000 jobs that beat, crash, finish, restart, hang and fall silent together', () => {
  test('none that lives is ended, none that finished is overwritten, every dead one is found', (t) => {
    const found = simulate(
      JOBS,
      HOURS,
      seededRandom((message) => t.diagnostic(message)),
    );
    const { seen } = found;
    t.diagnostic(`${JOBS} jobs: ${JSON.stringify(seen)}`);
    assert.deepEqual(wrongs(found), { liveEnded: [], overwritten: [], wrongEnd: [], late: [] });
    // A world in which nothing happens would prove nothing.
    const often = ['wrote finish', 'wrote fail', 'wrote lost', 'held', 'silent', 'job-ended', 'max-runtime'];
    for (const what of [...often, 'executions-ended', 'backend-unknown'])
      assert.ok((seen[what] ?? 0) >= JOBS / 100, `${what}: ${seen[what]} times`);
    for (const what of ['skippedRace', 'blind', 'mass 404s', 'gone-once', 'another-try', 'just-ended'])
      assert.ok((seen[what] ?? 0) > 0, `${what}: never`);
  });
});

// A check has two of them, a soak has all.
describe('the simulation itself', () => {
  /** Of three worlds, always the same, so that one in which nothing would happen does not count. */
  const found = (over: Partial<Rules>) => {
    const all = [1, 2, 3].map((seed) => wrongs(simulate(1_000, 8, mulberry32(seed), { ...RULES, ...over })));
    return {
      liveEnded: all.flatMap((it) => it.liveEnded).length,
      overwritten: all.flatMap((it) => it.overwritten).length,
      late: all.flatMap((it) => it.late).length,
    };
  };

  test('finds overwritten jobs without the precondition', () =>
    assert.ok(found({ precondition: false }).overwritten > 0));

  test('finds live jobs ended without the guard', () =>
    assert.ok(found({ isHeld: () => false }).liveEnded > 100));

  test('finds live jobs ended where only a blind sweep waits, and none looks twice', SOAK_ONLY, () => {
    const isHeld: Rules['isHeld'] = (verdict, _, blind) =>
      'doubtful' in verdict && verdict.doubtful && blind !== null;
    assert.ok(found({ isHeld }).liveEnded > 100);
  });

  test('finds live jobs ended where many 404s at once are believed', SOAK_ONLY, () =>
    assert.ok(found({ tooManyGone: () => null }).liveEnded > 0),
  );

  test('finds live jobs ended where one 404 is believed', SOAK_ONLY, () => {
    const once: Rules['verdictOf'] = (suspect, now) =>
      RULES.verdictOf({ ...suspect, goneSince: suspect.goneSince ?? new Date(0) }, now);
    assert.ok(found({ verdictOf: once }).liveEnded > 0);
  });

  test('finds live jobs ended without the rule of executions', SOAK_ONLY, () => {
    const alone: Rules['verdictOf'] = (suspect, now) =>
      RULES.verdictOf({ ...suspect, executions: null }, now);
    assert.ok(found({ verdictOf: alone }).liveEnded > 100);
  });

  test('finds live jobs ended where age comes before the word of a backend', SOAK_ONLY, () => {
    const deaf: Rules['verdictOf'] = (suspect, now) => RULES.verdictOf({ ...suspect, truth: null }, now);
    assert.ok(found({ verdictOf: deaf }).liveEnded > 0);
  });

  test('finds dead jobs left alone where nothing doubtful is carried out', SOAK_ONLY, () =>
    assert.ok(found({ isHeld: (verdict) => 'doubtful' in verdict && verdict.doubtful }).late > 100),
  );
});
