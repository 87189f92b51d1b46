import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { cloudScheduler } from '../../../functions/shared/cloud/scheduler.ts';
import { addMs, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../functions/shared/dates.ts';
import { scheduledRunId } from '../../../functions/shared/model/run/run.ts';
import { AT_ONCE, PROJECT, recordedLog } from '../../support/google.ts';
import { claimTerm, ending, scheduled, TASK } from '../../support/lifecycle.ts';
import { LOCATION, NOON, PARENT, setupScheduler, target } from '../../support/scheduler.ts';
import { freshWatch, SWEEP, watched } from '../../support/watch.ts';

const SLOT = new Date('2026-03-11T02:00:00Z');
const after = (minutes: number) => addMs(SLOT, minutes * MINUTE_MS);
const JOB = `${PARENT}/jobs/duty`;
const tasks = [watched('duty')];

/** Cloud Scheduler with the job of a daily duty, whose target answers with `statuses`, and a watch that asks it. */
async function setup(t: TestContext, ...statuses: number[]) {
  const world = await setupScheduler(t);
  const { uri } = await target(t, ...statuses);
  const job = { name: JOB, schedule: '0 2 * * *', timeZone: 'Etc/UTC', httpTarget: { uri } };
  await world.call('POST', `${PARENT}/jobs`, { ...job, retryConfig: { retryCount: 0 } });
  const { baseUrl } = world.scheduler;
  const schedules = cloudScheduler({
    project: PROJECT,
    region: LOCATION,
    baseUrl,
    log: recordedLog().log,
    retry: AT_ONCE,
  });
  const records = freshWatch();
  t.after(records.end);
  await records.know('duty', { watchedUntil: addMs(SLOT, -DAY_MS), strip: [] });
  return {
    ...world,
    records,
    schedules,
    sweep: (now: Date, options: { dryRun?: boolean } = {}) =>
      records.sweep(now, tasks, { schedules, ...options }),
    /** Kind, message and end of each alarm. */
    async alarms() {
      const found = await records.alarms();
      return found.map(({ kind, message, closedBecause }) => [kind, message, closedBecause]);
    },
  };
}

describe('the drift of a schedule', () => {
  const words = (what: string) => `Cloud Scheduler does not go by the catalogue in duty: ${what}`;

  test('of a paused job is one incident through all sweeps, and over once it is resumed', async (t) => {
    const { call, sweep, records, alarms } = await setup(t);
    await call('POST', `${JOB}:pause`);
    const found = await sweep(NOON);
    assert.deepEqual([found.scheduleDrift, found.problems], [['duty: its job is paused'], []]);
    const { openAlarms } = await records.healthOf('duty');
    assert.deepEqual(openAlarms, [`duty:schedule-drift:${NOON.toISOString()}`]);
    await call('PATCH', `${JOB}?updateMask=schedule`, { schedule: '0 3 * * *' });
    assert.equal((await sweep(addMs(NOON, MINUTE_MS))).scheduleDrift?.length, 2);
    assert.deepEqual((await records.healthOf('duty')).openAlarms, openAlarms, 'the same incident');
    await call('PATCH', `${JOB}?updateMask=schedule`, { schedule: '0 2 * * *' });
    await call('POST', `${JOB}:resume`);
    assert.deepEqual((await sweep(addMs(NOON, 2 * MINUTE_MS))).scheduleDrift, []);
    assert.deepEqual((await records.healthOf('duty')).openAlarms, []);
    assert.deepEqual(await alarms(), [
      ['schedule-drift', words('its job is paused'), 'Cloud Scheduler goes by the catalogue again'],
    ]);
  });

  test('is over even in a sweep that finds a slot missed', async (t) => {
    const { call, sweep, records, alarms } = await setup(t);
    await call('POST', `${JOB}:pause`);
    await sweep(NOON);
    await call('POST', `${JOB}:resume`);
    assert.equal((await sweep(after(15))).missedSlots, 1);
    const open = (await alarms()).filter(([, , closedBecause]) => closedBecause === null);
    assert.deepEqual(
      open.map(([kind]) => kind),
      ['missed'],
    );
    assert.equal((await records.healthOf('duty')).openAlarms.length, 1);
  });

  test('is a missing job, another cron, another zone, and a job that fires against the catalogue', async (t) => {
    const { call, records, schedules } = await setup(t);
    await call('PATCH', `${JOB}?updateMask=schedule,timeZone`, {
      schedule: '0 3 * * *',
      timeZone: 'Asia/Tokyo',
    });
    const declared = [
      watched('duty', { enabled: false }),
      watched('nobody'),
      watched('idle', { enabled: false }),
    ];
    const { scheduleDrift } = await records.sweep(NOON, declared, { schedules });
    assert.deepEqual(scheduleDrift, [
      'duty: its job fires although the catalogue disables the task',
      'duty: its job runs at "0 3 * * *", declared is "0 2 * * *"',
      'duty: its job goes by Asia/Tokyo, declared is UTC',
      'nobody: Cloud Scheduler has no job "nobody"',
    ]);
    const subjects = (await records.alarms()).map(({ subject, kind }) => `${subject} ${kind}`);
    assert.deepEqual(subjects.sort(), ['duty schedule-drift', 'nobody schedule-drift']);
  });

  test('of the sweep’s own job stands on its own record', async (t) => {
    const { records, schedules } = await setup(t);
    const own = watched(SWEEP);
    await records.sweep(NOON, [own], { schedules, own });
    const id = `${SWEEP}:schedule-drift:${NOON.toISOString()}`;
    assert.deepEqual((await records.healthOf(SWEEP)).openAlarms, [id]);
  });

  test('is told in a dry run, which writes nothing', async (t) => {
    const { call, sweep, records } = await setup(t);
    await call('DELETE', JOB);
    const before = await records.healthOf('duty');
    const found = await sweep(after(15), { dryRun: true });
    assert.deepEqual(
      [found.scheduleDrift, found.missedSlots],
      [['duty: Cloud Scheduler has no job "duty"'], 1],
    );
    assert.deepEqual([await records.healthOf('duty'), await records.alarms()], [before, []]);
  });
});

describe('why a slot was missed', () => {
  test('stands in its record and in the alarm: a paused job was not fired', async (t) => {
    const { call, clock, sweep, records, alarms } = await setup(t);
    await call('POST', `${JOB}:pause`);
    clock.jumpTo(after(15));
    assert.equal((await sweep(after(15))).missedSlots, 1);
    const [run] = await records.missed('duty');
    assert.deepEqual([run?.runId, run?.cause], [scheduledRunId('duty', SLOT), 'not fired']);
    const words =
      'duty did not run at 2026-03-11T02:00:00.000Z: Cloud Scheduler did not fire it: its job is PAUSED (no attempt yet)';
    assert.equal(run?.error?.message, words);
    assert.ok((await alarms()).some(([kind, message]) => kind === 'missed' && message === words));
  });

  test('is that what was fired was not delivered, with the answer that it got', async (t) => {
    const { next, sweep, records } = await setup(t, 403);
    assert.equal(await next(), SLOT.toISOString());
    await sweep(after(15));
    const [run] = await records.missed('duty');
    assert.equal(run?.cause, 'fired, not delivered');
    assert.match(
      run?.error?.message ?? '',
      /fired it at 2026-03-11T02:00:00\.000Z, but no run .* \(HTTP 403: /,
    );
  });

  test('is nobody’s to say where the attempt was acknowledged, or was of a later slot', async (t) => {
    const { next, sweep, records } = await setup(t);
    await next();
    await next();
    await sweep(after(24 * 60 + 15));
    const said = (await records.missed('duty')).map(({ cause, error }) => [cause, error?.message]);
    assert.deepEqual(
      said.map(([cause]) => cause),
      [undefined, undefined],
    );
    assert.match(String(said[0]?.[1]), /tells only its last attempt/);
    assert.match(String(said[1]?.[1]), /was acknowledged, but no run of the slot began/);
  });

  test('is that the run started and died, then that it finished late', async () => {
    await using records = freshWatch();
    const term = await claimTerm(records.claimant({ leaseMs: 50 }));
    await records.sweep(new Date(Date.now() + MINUTE_MS / 4), [watched(TASK, { timeoutSeconds: 60 })]);
    assert.equal((await records.run(term.runId)).cause, 'started and died');
    assert.equal(await term.finish(ending('succeeded')), 'late');
    assert.equal((await records.run(term.runId)).cause, 'finished late');
  });

  test('is forgotten when somebody takes the slot up again', async () => {
    await using records = freshWatch();
    const slot = new Date();
    await claimTerm(records.claimant({ leaseMs: 20 }), scheduled(slot));
    await pause(30);
    await records.sweep(new Date(Date.now() + SECOND_MS), [watched(TASK, { timeoutSeconds: 60 })]);
    const again = await claimTerm(records.claimant(), scheduled(slot));
    assert.equal((await records.run(again.runId)).cause, null);
    await again.finish(ending('succeeded'));
    assert.equal((await records.run(again.runId)).cause, null, 'it was lost, but it was not late');
  });

  test('is that it finished late, when it arrived after its slot was recorded as missed', async () => {
    await using records = freshWatch();
    const slot = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS + 2 * HOUR_MS);
    const task = watched(TASK);
    await records.know(TASK, { watchedUntil: addMs(slot, -1) });
    await records.sweep(addMs(slot, 15 * MINUTE_MS), [task]);
    const late = await claimTerm(records.claimant({ expectation: task.expectation }), scheduled(slot));
    await late.finish(ending('partial'));
    assert.equal((await records.run(late.runId)).cause, 'finished late');
  });
});

describe('a Cloud Scheduler that gives no answer', () => {
  test('costs the watch nothing but the cause: a problem is told, no alarm changes', async (t) => {
    const { call, scheduler, sweep, records } = await setup(t);
    await call('POST', `${JOB}:pause`);
    await sweep(NOON);
    const { openAlarms } = await records.healthOf('duty');
    scheduler.faults.add({ fault: { kind: 'denied' } });
    const found = await sweep(after(15));
    assert.deepEqual([found.missedSlots, found.scheduleDrift], [1, null]);
    assert.match(found.problems[0]?.message ?? '', /^Cannot compare them .* cloudscheduler\.jobs\.list$/);
    const [run] = await records.missed('duty');
    assert.deepEqual(
      [run?.cause, run?.error?.message],
      [undefined, 'duty did not run at 2026-03-11T02:00:00.000Z'],
    );
    const health = await records.healthOf('duty');
    assert.ok(health.openAlarms.includes(openAlarms[0] ?? ''), 'the drift is neither over nor new');
    assert.equal(health.openAlarms.length, 2);
  });

  test('is waited for no longer than five seconds', async (t) => {
    const { scheduler, sweep } = await setup(t);
    scheduler.faults.add({ fault: { kind: 'hang' } });
    const { problems, missedSlots } = await sweep(after(15));
    assert.match(problems[0]?.message ?? '', /no answer within 5000 ms$/);
    assert.equal(missedSlots, 1);
  });

  test('is not asked where there is none, and that is no problem', async (t) => {
    const { records } = await setup(t);
    const found = await records.sweep(after(15), tasks, { schedules: 'there is none' });
    assert.deepEqual([found.missedSlots, found.scheduleDrift, found.problems], [1, null, []]);
  });
});
