import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventTimes } from '../../../functions/report/rules/times.ts';
import { addMs, HOUR_MS, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { envelopeSchema, reportSchema } from '../../../functions/shared/model/report/report.ts';

const NOW = new Date('2026-11-28T12:00:00Z');
const ago = (ms: number) => addMs(NOW, -ms);

/** The times of a report, sent by a reporter whose clock is `ahead` of ours. */
function times(report: object, envelope: object = {}) {
  const { at, clock, startedAt } = eventTimes(
    reportSchema.parse({ job: 'a', ...report }),
    envelopeSchema.parse({ reports: [{}], ...envelope }),
    NOW,
  );
  return [at, clock, startedAt];
}

describe('when what a report tells was true', () => {
  const boot = { id: 'b1', ms: 100 * MINUTE_MS };
  for (const ahead of [0, 8 * HOUR_MS, -26 * HOUR_MS]) {
    const wall = (ms: number) => addMs(ago(ms), ahead).toISOString();
    const sentAt = wall(0);

    test(`is told by its age on the boot clock, ${ahead / HOUR_MS} h off`, () => {
      const report = {
        bootId: 'b1',
        bootMs: 97 * MINUTE_MS,
        at: wall(3 * MINUTE_MS),
        startedAt: wall(HOUR_MS),
      };
      assert.deepEqual(times(report, { boot, sentAt }), [ago(3 * MINUTE_MS), 'boot', ago(HOUR_MS)]);
    });

    test(`is told by the wall clock where the host was booted since, ${ahead / HOUR_MS} h off`, () => {
      const report = { bootId: 'b0', bootMs: 5, at: wall(2 * HOUR_MS), startedAt: wall(3 * HOUR_MS) };
      assert.deepEqual(times(report, { boot, sentAt }), [ago(2 * HOUR_MS), 'wall', ago(3 * HOUR_MS)]);
    });
  }

  test('is not moved by a wall clock that was set meanwhile', () => {
    // It said 04:00 when the job began and when it was told; since then it was set right.
    const report = {
      bootId: 'b1',
      bootMs: 90 * MINUTE_MS,
      at: '2026-11-28T04:05:00Z',
      startedAt: '2026-11-28T04:00:00Z',
    };
    const sent = { boot, sentAt: NOW.toISOString() };
    assert.deepEqual(times(report, sent), [ago(10 * MINUTE_MS), 'boot', ago(15 * MINUTE_MS)]);
  });

  test('is its receipt where it names no time, and never after that', () => {
    assert.deepEqual(times({}), [NOW, 'server', null]);
    assert.deepEqual(times({ at: addMs(NOW, HOUR_MS).toISOString() }), [NOW, 'wall', null]);
    assert.deepEqual(times({ bootId: 'b1', bootMs: 200 * MINUTE_MS }, { boot }), [NOW, 'boot', null]);
    assert.deepEqual(times({ startedAt: addMs(NOW, HOUR_MS).toISOString() }), [NOW, 'server', NOW]);
  });

  test('is not younger because it is sent again', () => {
    const report = { bootId: 'b1', bootMs: 40 * MINUTE_MS };
    assert.deepEqual(times(report, { boot }), [ago(HOUR_MS), 'boot', null]);
    const later = eventTimes(
      reportSchema.parse({ job: 'a', ...report }),
      envelopeSchema.parse({ reports: [{}], boot: { id: 'b1', ms: 160 * MINUTE_MS } }),
      addMs(NOW, HOUR_MS),
    );
    assert.deepEqual(later.at, ago(HOUR_MS));
  });

  test('has no start after itself', () => {
    const report = { at: ago(0).toISOString(), startedAt: addMs(NOW, MINUTE_MS).toISOString() };
    assert.deepEqual(times(report, { sentAt: NOW.toISOString() }), [NOW, 'wall', NOW]);
  });
});
