import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MINUTE_MS } from '../../../functions/shared/dates.ts';
import { type Sighting, sightingOf } from '../../../functions/shared/model/job/sighting.ts';
import { limitsOf } from '../../../functions/shared/model/job/sweep-limits.ts';
import { isHeld, isNewlyStale, selfPreservation } from '../../../functions/shared/model/job/verdict/guard.ts';
import { isSuspicious } from '../../../functions/shared/model/job/verdict/suspicion.ts';
import { verdictOf } from '../../../functions/shared/model/job/verdict/verdict.ts';
import { sightingAfter } from '../../../functions/sweep-stale-jobs/rules/remember.ts';
import { seededRandom, sized } from '../../support/soak.ts';
import { suspectOf } from '../../support/suspects.ts';
import { beating, type Sweeper, sweeper } from '../../support/sweeper.ts';

const WORLDS = sized(2, 100);
const SWEEPS = 6;
const SOURCE = beating({ sweep: { types: { slow: { staleAfterMinutes: 60 } } } });

/**
 * So far ahead that no time which passes here catches up: a heartbeat that was ahead and looks fresh by now is found only
 * where all that run are read, for another has no heartbeat at all, and else once it looks old.
 */
const AHEAD_MINUTES = 250;

/** A job that still says that it runs. */
interface Life {
  type: string;
  startedAt: Date;
  /** One from before the start is of a try before. */
  heartbeatAt: Date | null;
  writtenAt: Date;
  /** The same, where that was not its first write. */
  rewrittenAt: Date | null;
}

/**
 * What one sweep has to come to, by whoever judges all jobs there are before ending any: which end, and whether it is
 * blind. It knows neither queries nor counts, nor what comes first.
 */
function expected(
  lives: ReadonlyMap<string, Life>,
  before: ReadonlyMap<string, Sighting>,
  sweptAt: Date,
  now: Date,
) {
  const clock = { sweptAt, now, intervalMs: 10 * MINUTE_MS };
  const sightings = new Map<string, Sighting>();
  const verdicts = [...lives].map(([id, { writtenAt, rewrittenAt, ...life }]) => {
    const limits = limitsOf(SOURCE.sweep, life.type);
    const { job } = suspectOf({ id, createdAt: null, ...life });
    const sighting = sightingOf(before.get(id), job, writtenAt);
    const suspect = suspectOf(job, { limits, writtenAt, rewrittenAt, sighting });
    const verdict = verdictOf(suspect, now);
    if (isSuspicious({ job, writtenAt, rewrittenAt, isExecution: false }, SOURCE, now))
      sightings.set(id, sightingAfter(id, { suspect, verdict }, now));
    return { id, verdict };
  });
  const newlyStale = verdicts.filter(({ verdict }) => isNewlyStale(verdict, clock)).length;
  const blind = selfPreservation({ ...clock, newlyStale, active: lives.size, complete: true });
  const dead = verdicts.filter(({ verdict }) => 'state' in verdict);
  const [held, ended] = [true, false].map((is) =>
    dead.filter(({ verdict }) => isHeld(verdict, clock, blind) === is).map(({ id }) => id),
  );
  return {
    sightings,
    ended: ended ?? [],
    held: held?.length ?? 0,
    blind: blind !== null && (held?.length ?? 0) > 0,
  };
}

describe('sweeps of worlds by chance', () => {
  test(`end what has to be ended, no more and no less, in ${WORLDS} of them`, async (t) => {
    const random = seededRandom((message) => t.diagnostic(message));
    const among = <T>(...choice: T[]): T => choice[Math.floor(random() * choice.length)] as T;
    const seen = { ended: 0, held: 0, blind: 0 };

    /** A share of `trouble` of its jobs beat no more. */
    async function live(world: Sweeper, trouble: number): Promise<void> {
      await world.settle();
      let sweptAt = world.ago(1 / 60);
      const lives = new Map<string, Life>();
      let known: ReadonlyMap<string, Sighting> = new Map();
      for (let sweeps = 0; sweeps < SWEEPS; sweeps += 1) {
        const changed = new Map<string, Life>();
        // Once, all fall silent together.
        const isSilence = sweeps === 2;
        for (let index = 0; index < (isSilence ? 40 : 12); index += 1) {
          const isTroubled = !isSilence && random() < trouble;
          const startedAt = world.ago(among(130, 90, 30));
          const silent = world.ago(among(17, 21, 24, 28, 45, 80, 120));
          const heartbeatAt = isTroubled
            ? among(silent, silent, world.ago(-AHEAD_MINUTES), null)
            : world.ago(isSilence ? among(12, 13) : among(1, 5, 12));
          const life = {
            type: isSilence ? 'plain' : among('plain', 'plain', 'slow'),
            startedAt,
            heartbeatAt,
            writtenAt: world.now(),
            rewrittenAt: null,
          };
          changed.set(`job-${sweeps}-${index}`, life);
        }
        // Some of the others go on.
        for (const [id, life] of lives)
          if (!isSilence && random() > trouble)
            changed.set(id, {
              ...life,
              heartbeatAt: world.ago(1),
              writtenAt: world.now(),
              rewrittenAt: world.now(),
            });
        for (const [id, life] of changed) lives.set(id, life);
        const records = [...changed].map(([id, { writtenAt: _, rewrittenAt: __, ...job }]) => [
          id,
          { status: 'running', ...job },
        ]);
        await world.write(Object.fromEntries(records));
        world.pass(isSilence ? 10 : random() < 0.05 ? 40 : among(1, 10, 10, 10));

        const now = world.now();
        const { sightings, ended, held, blind } = expected(lives, known, sweptAt, now);
        known = sightings;
        const { summary } = await world.deliver();
        sweptAt = now;
        const statuses = await world.statuses();
        const gone = [...lives.keys()].filter((id) => statuses[id] !== 'running');
        assert.deepEqual(gone.sort(), ended.sort());
        assert.deepEqual([summary.lost, summary.held], [ended.length, held]);
        const open = (await world.alarms()).filter(
          ({ kind, closedAt }) => kind === 'sweeper-blind' && closedAt === null,
        );
        assert.equal(open.length, blind ? 1 : 0);
        for (const id of gone) lives.delete(id);
        seen.ended += ended.length;
        seen.held += held;
        seen.blind += blind ? 1 : 0;
      }
    }

    for (let worlds = 0; worlds < WORLDS; worlds += 1)
      await live(sweeper(t, { sources: { jobs: SOURCE } }), 0.15 + (0.8 * (worlds + random())) / WORLDS);
    t.diagnostic(JSON.stringify(seen));
    for (const [what, times] of Object.entries(seen)) assert.ok(times > 0, `nothing was ${what}`);
  });
});
