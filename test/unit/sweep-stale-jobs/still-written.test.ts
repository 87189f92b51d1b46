import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MINUTE_MS } from '../../../functions/shared/dates.ts';
import type { Suspect } from '../../../functions/shared/model/job/sweep.ts';
import { isHeld } from '../../../functions/shared/model/job/verdict/guard.ts';
import { verdictOf } from '../../../functions/shared/model/job/verdict/verdict.ts';
import { ago, NOW, sightedSince, suspectOf, truthOf } from '../../support/suspects.ts';

const CLOCK = { sweptAt: ago(10), now: NOW, intervalMs: 10 * MINUTE_MS };
const verdict = (over: Partial<Suspect>) =>
  verdictOf(suspectOf({ heartbeatAt: ago(47) }, { sighting: sightedSince(11), ...over }), NOW);

describe('a silent job whose record was written after its last heartbeat', () => {
  test('is unknown for as long as it may be silent: it may have been resumed', () => {
    const { rule, because } = verdict({ writtenAt: ago(15) });
    assert.equal(rule, 'still-written');
    assert.match(because, /^no heartbeat for 47 min .*; but something wrote its record 15 min ago$/);
  });

  test('is silent from that write on: held for an interval, and counted as newly silent', () => {
    const late = verdict({ writtenAt: ago(20) });
    assert.deepEqual([late.rule, late.brokenAt], ['silent', ago(5)]);
    assert.deepEqual(['endedAt' in late && late.endedAt, isHeld(late, CLOCK, null)], [ago(47), true]);
    assert.equal(isHeld(verdict({ writtenAt: ago(30) }), CLOCK, null), false);
  });

  test('is not gone for two 404s either', () => {
    const gone = { truth: truthOf('gone'), sighting: sightedSince(11, { goneSince: ago(11) }) };
    assert.equal(verdict({ ...gone, writtenAt: ago(15) }).rule, 'gone-but-alive');
    assert.equal(verdict({ ...gone, writtenAt: ago(20) }).rule, 'gone');
  });

  test('is silent all the same where that write created the record', () =>
    assert.equal(verdict({ writtenAt: ago(1), rewrittenAt: null }).rule, 'silent'));
});
