import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sightingAfter } from '../../../functions/sweep-stale-jobs/rules/remember.ts';
import { mulberry32 } from '../../../scripts/stack/sample/dice.ts';
import { SOAK_ONLY, seededRandom, sized } from '../../support/soak.ts';
import { type Findings, RULES, type Rules, simulate } from '../../support/sweep-simulation.ts';
import { REPORTING } from '../../support/sweep-world.ts';

const [JOBS, HOURS] = [sized(240, 10_000), sized(8, 24)];
/** Of each world in which a rule is missing, in a soak. */
const FEW = 400;

function wrongs({ liveEnded, overwritten, wrongEnd, late, untold }: Findings) {
  return { liveEnded, overwritten, wrongEnd, late, untold };
}

describe('10,000 jobs that beat, crash, finish, restart, hang, pause and fall silent together, in any zone', () => {
  test('none that lives is ended, none that finished is overwritten, every dead one is found', (t) => {
    const found = simulate(
      JOBS,
      HOURS,
      seededRandom((message) => t.diagnostic(message)),
    );
    const { seen } = found;
    t.diagnostic(`${JOBS} jobs: ${JSON.stringify(seen)}`);
    assert.deepEqual(wrongs(found), { liveEnded: [], overwritten: [], wrongEnd: [], late: [], untold: [] });
  });

  test('in a world in which all of that happens', () => {
    // Always the same one: what happens seldom may not happen in another.
    const { seen } = simulate(240, 8, mulberry32(13));
    const often = ['wrote finish', 'wrote fail', 'wrote lost', 'held', 'silent', 'job-ended', 'max-runtime'];
    for (const what of [...often, 'executions-ended', 'backend-unknown', 'clock-off', 'unreadable', 'told'])
      assert.ok((seen[what] ?? 0) >= 8, `${what}: ${seen[what]} times`);
    const seldom = ['skippedRace', 'blind', 'mass 404s', 'gone-once', 'another-try', 'just-ended'];
    for (const what of [...seldom, 'suspended', 'backend-suspended', 'gone-unplaced'])
      assert.ok((seen[what] ?? 0) > 0, `${what}: never`);
  });
});

describe('10,000 jobs that report, of which some die, some are found dead, and some are cut off for hours', () => {
  const world = (random: () => number, over: Partial<Rules> = {}, jobs = 80) =>
    simulate(jobs, HOURS, random, { ...RULES, ...over }, [REPORTING]);

  test('none that lives is ended, and every dead one is found once reports arrive', (t) => {
    const found = world(
      seededRandom((message) => t.diagnostic(message)),
      {},
      sized(160, 10_000),
    );
    t.diagnostic(JSON.stringify(found.seen));
    assert.deepEqual(wrongs(found), { liveEnded: [], overwritten: [], wrongEnd: [], late: [], untold: [] });
  });

  test('in a world in which all of that happens', () => {
    const { seen } = world(mulberry32(10));
    for (const what of ['channel-silent', 'reporter-gone', 'wrote lost', 'silent', 'held'])
      assert.ok((seen[what] ?? 0) >= 8, `${what}: ${seen[what]} times`);
  });

  test('finds live ones ended where the sweep does not know that nothing arrives', () =>
    assert.ok(world(mulberry32(10), { channelAt: () => null }).liveEnded.length > 10));

  test('finds live ones ended where what is on its way has no time to arrive', SOAK_ONLY, () => {
    const forgetting: Rules['sightingAfter'] = (...given) => {
      const { channelSilent: _, ...rest } = sightingAfter(...given);
      return rest;
    };
    const all = [7, 8, 9].map((seed) => world(mulberry32(seed), { sightingAfter: forgetting }, 2_000));
    assert.ok(all.flatMap(({ liveEnded }) => liveEnded).length > 0);
  });
});

// A check has three of them, in small worlds; a soak has all.
describe('the simulation itself', () => {
  /** Of two worlds, always the same, so that one in which nothing would happen does not count. */
  const found = (over: Partial<Rules>, seeds = [2, 4], jobs = FEW) => {
    const all = seeds.map((seed) => wrongs(simulate(jobs, 8, mulberry32(seed), { ...RULES, ...over })));
    return {
      liveEnded: all.flatMap((it) => it.liveEnded).length,
      overwritten: all.flatMap((it) => it.overwritten).length,
      late: all.flatMap((it) => it.late).length,
    };
  };

  test('finds overwritten jobs without the precondition', () =>
    assert.ok(found({ precondition: false }, [9, 15], 80).overwritten > 0));

  test('finds live jobs ended without the guard', () =>
    assert.ok(found({ isHeld: () => false }, [9, 15], 80).liveEnded > 10));

  test('finds live jobs ended where only a blind sweep waits, and none looks twice', SOAK_ONLY, () => {
    const isHeld: Rules['isHeld'] = (verdict, _, blind) =>
      'unconfirmed' in verdict && verdict.unconfirmed && blind !== null;
    assert.ok(found({ isHeld }).liveEnded > 10);
  });

  test('finds live jobs ended where many 404s at once are believed', SOAK_ONLY, () =>
    assert.ok(found({ tooManyGone: () => null }).liveEnded > 0),
  );

  test('finds more of them ended where one 404 is believed', SOAK_ONLY, () => {
    const once: Rules['verdictOf'] = (suspect, now) =>
      RULES.verdictOf(
        { ...suspect, sighting: { path: '', ...suspect.sighting, goneSince: new Date(0) } },
        now,
      );
    const tooManyGone = () => null;
    assert.ok(found({ tooManyGone, verdictOf: once }).liveEnded > found({ tooManyGone }).liveEnded);
  });

  test('finds live jobs ended without the rule of executions', SOAK_ONLY, () => {
    const alone: Rules['verdictOf'] = (suspect, now) =>
      RULES.verdictOf({ ...suspect, executions: null }, now);
    assert.ok(found({ verdictOf: alone }).liveEnded > 10);
  });

  test('finds live jobs ended where age comes before the word of a backend', SOAK_ONLY, () => {
    const deaf: Rules['verdictOf'] = (suspect, now) => RULES.verdictOf({ ...suspect, truth: null }, now);
    assert.ok(found({ verdictOf: deaf }).liveEnded > 0);
  });

  test('finds live jobs ended where a heartbeat that moves is no sign of life', SOAK_ONLY, () => {
    const still: Rules['sightingOf'] = (before) => before ?? null;
    const unwritten: Rules['verdictOf'] = (suspect, now) =>
      RULES.verdictOf(
        { ...suspect, writtenAt: suspect.job.heartbeatAt ?? suspect.writtenAt, rewrittenAt: null },
        now,
      );
    assert.ok(found({ sightingOf: still, verdictOf: unwritten }).liveEnded > 0);
  });

  test('finds live jobs ended where what nobody can read is taken for absent', () => {
    const blind: Rules['verdictOf'] = (suspect, now) => RULES.verdictOf({ ...suspect, vital: [] }, now);
    assert.ok(found({ verdictOf: blind }, [58, 83], 80).liveEnded > 0);
  });

  test('finds live jobs ended where one that is suspended is silent like others', SOAK_ONLY, () => {
    const running: Rules['verdictOf'] = (suspect, now) => {
      const state = suspect.job.state === 'suspended' ? 'running' : suspect.job.state;
      return RULES.verdictOf({ ...suspect, job: { ...suspect.job, state } }, now);
    };
    assert.ok(found({ verdictOf: running }).liveEnded > 0);
  });

  test('finds live jobs ended where the times of an end prove nothing', SOAK_ONLY, () => {
    const anyTry: Rules['verdictOf'] = (suspect, now) => {
      const { truth } = suspect;
      return RULES.verdictOf({ ...suspect, truth: truth && { ...truth, endedAt: null }, timed: false }, now);
    };
    assert.ok(found({ verdictOf: anyTry }).liveEnded > 0);
  });

  test('finds live jobs ended where a 404 from a guessed place is believed', SOAK_ONLY, () => {
    const believing: Rules['verdictOf'] = (suspect, now) =>
      RULES.verdictOf({ ...suspect, backendKnown: true }, now);
    assert.ok(found({ verdictOf: believing, tooManyGone: () => null }).liveEnded > 10);
  });

  test('finds dead jobs left alone where nothing unconfirmed is carried out', SOAK_ONLY, () =>
    assert.ok(found({ isHeld: (verdict) => 'unconfirmed' in verdict && verdict.unconfirmed }).late > 10),
  );
});
