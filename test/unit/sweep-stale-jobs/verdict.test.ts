import { describe } from 'node:test';
import { addMs, HOUR_MS } from '../../../functions/shared/dates.ts';
import { TERMINAL_STATES } from '../../../functions/shared/model/job/states.ts';
import { ago, inState, sightedSince, suspectOf, truthOf } from '../../support/suspects.ts';
import { verdictRows } from '../../support/verdict-rows.ts';

const DEFAULT = suspectOf({}).limits;
const QUEUED = { ...inState('queued'), startedAt: null, heartbeatAt: null, createdAt: ago(180) };
const SILENT = { heartbeatAt: ago(47) };
const RESTARTED = { startedAt: ago(30), heartbeatAt: null };

describe('verdictOf(): a backend says running', () => {
  const running = truthOf('running');
  const long = truthOf('running', { startedAt: ago(25 * 60) });
  const since25h = { createdAt: ago(26 * 60), startedAt: ago(25 * 60) };
  verdictRows(
    { when: 'beating', over: { truth: running }, is: 'keep backend-running', brokenAt: null, overdue: false },
    { when: 'silent', job: SILENT, over: { truth: running }, is: 'keep backend-running', brokenAt: ago(32) },
    {
      when: 'past maxRuntime',
      job: { ...since25h },
      over: { truth: long },
      is: 'keep backend-running',
      overdue: true,
      brokenAt: ago(60),
    },
    {
      when: 'past maxRuntime and silent',
      job: { ...since25h, ...SILENT },
      over: { truth: long },
      is: 'keep backend-running',
      overdue: true,
      brokenAt: ago(60),
    },
    {
      when: 'started again since the record did',
      job: since25h,
      over: { truth: running },
      is: 'keep backend-running',
      overdue: false,
      brokenAt: null,
    },
    { when: 'its record says queued', job: QUEUED, over: { truth: running }, is: 'keep backend-running' },
    {
      when: 'its record says queued, past maxRuntime',
      job: QUEUED,
      over: { truth: long },
      is: 'keep backend-running',
      overdue: true,
      brokenAt: ago(60),
    },
  );
});

describe('verdictOf(): a backend says queued', () => {
  const truth = truthOf('queued');
  const limits = { ...DEFAULT, maxQueuedMs: HOUR_MS };
  verdictRows(
    { when: 'as its record does', job: QUEUED, over: { truth }, is: 'keep backend-queued', brokenAt: null },
    { when: 'past maxQueued', job: QUEUED, over: { truth, limits }, is: 'keep backend-queued' },
    { when: 'its record says running', job: SILENT, over: { truth }, is: 'keep backend-queued' },
  );
});

describe('verdictOf(): a backend says ended', () => {
  const completed = truthOf('completed');
  const of = (endedAt: Date | null, startedAt: Date | null = ago(181)) =>
    truthOf('completed', { endedAt, startedAt });
  const finished = 'finish backend-ended completed';
  verdictRows(
    {
      when: 'completed',
      job: SILENT,
      over: { truth: completed },
      is: finished,
      endedAt: ago(40),
      endInferred: false,
      unconfirmed: false,
      error: null,
      brokenAt: ago(32),
    },
    {
      when: 'failed',
      job: SILENT,
      over: { truth: truthOf('failed', { error: 'exit 137' }) },
      is: 'fail backend-ended failed',
      error: 'exit 137',
      endedAt: ago(40),
    },
    {
      when: 'failed without a reason',
      job: SILENT,
      over: { truth: truthOf('failed') },
      is: 'fail backend-ended failed',
      error: 'Vertex AI says failed, and not why',
    },
    {
      when: 'cancelled',
      job: SILENT,
      over: { truth: truthOf('cancelled') },
      is: 'finish backend-ended cancelled',
      error: null,
    },
    {
      when: 'no hearts are known',
      job: { heartbeatAt: null },
      over: { truth: completed, hasHeartbeat: false },
      is: finished,
      brokenAt: ago(40),
    },
    { when: 'queued by its record', job: QUEUED, over: { truth: completed }, is: finished, endedAt: ago(40) },
    { when: 'at its start', job: RESTARTED, over: { truth: of(ago(30), ago(31)) }, is: finished },
    {
      when: 'before its last start',
      job: RESTARTED,
      over: { truth: of(ago(31)) },
      is: 'unknown another-try',
    },
    {
      when: 'before it was created',
      job: { ...RESTARTED, startedAt: null, createdAt: ago(30) },
      over: { truth: completed },
      is: 'unknown another-try',
    },
    {
      when: 'before it was queued again',
      job: { ...inState('queued'), heartbeatAt: ago(90) },
      over: { truth: completed, writtenAt: ago(39) },
      is: 'unknown another-try',
    },
    {
      when: 'before its queueing, by the field that says so',
      job: { ...QUEUED, updatedAt: ago(39) },
      over: { truth: completed },
      is: 'unknown another-try',
    },
    {
      when: 'and then a heart beat',
      job: { heartbeatAt: ago(34) },
      over: { truth: completed },
      is: 'unknown another-try',
    },
    {
      when: 'and then a heart beat by a clock that is ahead',
      job: { heartbeatAt: ago(16) },
      over: { truth: completed, writtenAt: ago(41) },
      is: finished,
    },
    {
      when: 'when another start had just begun, and nobody is silent',
      job: { startedAt: ago(12), heartbeatAt: null },
      over: { truth: of(ago(8)), hasHeartbeat: false },
      is: 'unknown another-try',
    },
    {
      when: 'when another start had just begun, and all is silent',
      job: { startedAt: ago(60), heartbeatAt: null },
      over: { truth: of(ago(50)), hasHeartbeat: false },
      is: 'unknown another-try',
    },
    {
      when: 'when another start had just begun, and all is silent for an hour more',
      job: { startedAt: ago(90), heartbeatAt: null },
      over: { truth: of(ago(80)), hasHeartbeat: false },
      is: finished,
    },
    {
      when: 'long after another start, of a program that takes long to begin',
      job: { startedAt: ago(90), ...SILENT },
      over: { truth: of(ago(46)) },
      is: finished,
    },
    {
      when: 'less than the grace ago',
      job: SILENT,
      over: { truth: of(ago(4.9)) },
      is: 'keep just-ended',
      brokenAt: ago(32),
    },
    { when: 'the grace ago', job: SILENT, over: { truth: of(ago(5)) }, is: finished, brokenAt: ago(5) },
    {
      when: 'and then a heart beat, and still may',
      job: { heartbeatAt: ago(6) },
      over: { truth: of(ago(8)) },
      is: 'unknown perhaps-another-try',
    },
    { when: 'at no known time, beating', over: { truth: of(null) }, is: 'unknown perhaps-another-try' },
    {
      when: 'at no known time, silent',
      job: SILENT,
      over: { truth: of(null) },
      is: finished,
      endedAt: ago(47),
      endInferred: true,
      brokenAt: ago(32),
    },
    {
      when: 'before it started',
      job: SILENT,
      over: { truth: of(ago(40), ago(39)) },
      is: 'unknown backend-contradicts',
    },
    { when: 'in an hour', job: SILENT, over: { truth: of(ago(-60)) }, is: 'unknown backend-contradicts' },
    {
      when: 'in a minute, without a grace',
      job: SILENT,
      is: 'keep just-ended',
      over: { truth: of(ago(-1)), limits: { ...DEFAULT, graceMs: 0 } },
    },
  );
});

describe('verdictOf(): a backend cannot tell', () => {
  const truth = truthOf('unknown', { said: 'HTTP 403' });
  const since25h = { createdAt: ago(25 * 60), startedAt: ago(25 * 60) };
  verdictRows(
    { when: 'silent', job: SILENT, over: { truth }, is: 'unknown backend-unknown', brokenAt: ago(32) },
    {
      when: 'silent, gone before',
      job: SILENT,
      over: { truth, sighting: sightedSince(60, { goneSince: ago(60) }) },
      is: 'unknown backend-unknown',
    },
    {
      when: 'past maxRuntime',
      job: since25h,
      over: { truth },
      is: 'unknown backend-unknown',
      overdue: true,
      brokenAt: ago(60),
    },
  );
});

describe('verdictOf(): nobody can be asked', () => {
  const mute = { hasHeartbeat: false };
  const limits = { ...DEFAULT, maxQueuedMs: 3 * HOUR_MS };
  const started = (minutes: number) => ({ startedAt: ago(minutes), heartbeatAt: null });
  verdictRows(
    { when: 'beating', is: 'keep beating', brokenAt: null, overdue: false },
    { when: 'silent to the limit', job: { heartbeatAt: ago(15) }, is: 'keep beating' },
    {
      when: 'silent beyond the limit',
      job: { heartbeatAt: addMs(ago(15), -1) },
      is: 'lost silent failed',
      unconfirmed: true,
      endInferred: true,
    },
    {
      when: 'silent',
      job: SILENT,
      is: 'lost silent failed',
      endedAt: ago(47),
      brokenAt: ago(32),
      error:
        'Lost: no heartbeat for 47 min (since 2026-03-09 11:13:00 UTC), at most 15 min allowed; there is no backend to ask',
    },
    {
      when: 'beating past maxRuntime',
      job: { startedAt: ago(25 * 60) },
      is: 'keep beating',
      overdue: true,
      brokenAt: ago(60),
    },
    {
      when: 'never beat, written lately',
      job: RESTARTED,
      over: { writtenAt: ago(14) },
      is: 'keep not-beating-yet',
    },
    {
      when: 'never beat, not written for long',
      job: RESTARTED,
      over: { writtenAt: ago(20) },
      is: 'lost no-heartbeat failed',
      endedAt: ago(30),
      brokenAt: ago(5),
    },
    {
      when: 'neither started nor ever beat',
      job: { startedAt: null, heartbeatAt: null },
      over: { writtenAt: ago(20) },
      is: 'lost no-heartbeat failed',
      endedAt: ago(20),
    },
    {
      when: 'the heart of a try before, but started lately',
      job: { startedAt: ago(3), heartbeatAt: ago(90) },
      over: { writtenAt: ago(3) },
      is: 'keep not-beating-yet',
    },
    { when: 'a heartbeat 5 min ahead', job: { heartbeatAt: ago(-5) }, is: 'keep beating' },
    {
      when: 'a heartbeat further ahead',
      job: { heartbeatAt: ago(-6) },
      over: { writtenAt: ago(20) },
      is: 'lost no-heartbeat failed',
      endedAt: ago(180),
    },
    {
      when: 'a heartbeat further ahead, written lately',
      job: { heartbeatAt: ago(-6) },
      over: { writtenAt: ago(1) },
      is: 'unknown clock-off',
    },
    {
      when: 'no hearts are known',
      job: started(180),
      over: mute,
      is: 'keep within-max-runtime',
      brokenAt: null,
    },
    { when: 'maxRuntime to the limit', job: started(24 * 60), over: mute, is: 'keep within-max-runtime' },
    {
      when: 'no hearts are known, past maxRuntime',
      job: { createdAt: ago(26 * 60), ...started(25 * 60) },
      over: mute,
      unconfirmed: true,
      is: 'lost max-runtime failed',
      endedAt: ago(25 * 60),
      brokenAt: ago(60),
    },
    {
      when: 'no hearts are known, and it started hours before its record was created',
      job: { createdAt: ago(23 * 60), ...started(25 * 60) },
      over: mute,
      is: 'keep within-max-runtime',
    },
    {
      when: 'no hearts are known, a heartbeat stands there all the same',
      job: SILENT,
      over: mute,
      is: 'keep within-max-runtime',
    },
    {
      when: 'only the creation is known',
      job: { startedAt: null, createdAt: ago(25 * 60) },
      over: mute,
      is: 'lost max-runtime failed',
      endedAt: ago(25 * 60),
    },
    {
      when: 'no time is known',
      job: { startedAt: null, createdAt: null, heartbeatAt: null },
      over: { ...mute, writtenAt: ago(25 * 60) },
      is: 'lost max-runtime failed',
    },
    {
      when: 'a start in the future',
      job: { startedAt: ago(-60), createdAt: ago(60) },
      over: mute,
      is: 'keep within-max-runtime',
    },
    {
      when: 'a start in the future and a heart that is silent',
      job: { startedAt: ago(-60), ...SILENT },
      is: 'lost silent failed',
      endedAt: ago(47),
    },
    { when: 'queued', job: QUEUED, over: { writtenAt: ago(180) }, is: 'keep queued', brokenAt: null },
    { when: 'queued to the limit', job: QUEUED, over: { limits }, is: 'keep queued' },
    {
      when: 'queued beyond the limit',
      job: { ...QUEUED, createdAt: ago(190) },
      over: { limits },
      is: 'lost max-queued failed',
      brokenAt: ago(10),
      unconfirmed: true,
    },
    {
      when: 'queued again as late as its last write, of which its times say nothing',
      job: { ...QUEUED, createdAt: ago(300) },
      over: { limits, writtenAt: ago(40), rewrittenAt: ago(40) },
      is: 'keep queued',
    },
    {
      when: 'queued again lately',
      job: { ...inState('queued'), startedAt: ago(300), heartbeatAt: null },
      over: { limits, writtenAt: ago(60) },
      is: 'keep queued',
    },
    {
      when: 'queued beyond the limit, beating',
      job: { ...QUEUED, heartbeatAt: ago(1), updatedAt: ago(190) },
      over: { limits },
      is: 'keep queued',
    },
  );
});

describe('verdictOf(): nothing to judge', () => {
  const dead = { truth: truthOf('failed'), sighting: sightedSince(60, { goneSince: ago(60) }) };
  verdictRows(
    ...TERMINAL_STATES.map((state) => ({
      when: `it is ${state}, whatever its backend says`,
      job: { ...inState(state), ...SILENT },
      over: dead,
      is: 'keep ended',
      brokenAt: null,
    })),
    {
      when: 'nobody mapped its status',
      job: { ...inState('unknown'), ...SILENT },
      over: dead,
      is: 'unknown unmapped-status',
    },
  );
});
