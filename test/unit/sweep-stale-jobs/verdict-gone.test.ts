import { describe } from 'node:test';
import { ago, inState, sightedSince, suspectOf, truthOf } from '../../support/suspects.ts';
import { verdictRows } from '../../support/verdict-rows.ts';

const DEFAULT = suspectOf({}).limits;
const SILENT = { heartbeatAt: ago(47) };

describe('verdictOf(): a backend has no such job', () => {
  const truth = truthOf('gone');
  const again = { truth, sighting: sightedSince(10, { goneSince: ago(10) }) };
  verdictRows(
    { when: 'for the first time', job: SILENT, over: { truth }, is: 'unknown gone-once', brokenAt: ago(32) },
    {
      when: 'twice, since so lately that the sweep holds it',
      job: SILENT,
      over: { truth, sighting: sightedSince(4, { goneSince: ago(4) }) },
      is: 'lost gone failed',
      unconfirmed: true,
      foundSince: ago(4),
    },
    {
      when: 'from a place that nobody named',
      job: SILENT,
      over: { ...again, truth: truthOf('gone', { placed: 'guessed' }) },
      is: 'unknown gone-unplaced',
    },
    {
      when: 'from a place that nobody named, but it has known others',
      job: SILENT,
      over: { ...again, truth: truthOf('gone', { placed: 'guessed' }), backendKnown: true },
      is: 'lost gone failed',
    },
    {
      when: 'twice, but suspended',
      job: { ...inState('suspended'), ...SILENT },
      over: again,
      is: 'unknown gone-suspended',
    },
    {
      when: 'twice, but it said just before that it ran',
      job: SILENT,
      over: { truth, sighting: sightedSince(10, { goneSince: ago(10), heardAt: ago(14) }) },
      is: 'unknown gone-but-alive',
    },
    {
      when: 'twice, and it said once that it ran',
      job: SILENT,
      over: { truth, sighting: sightedSince(10, { goneSince: ago(10), heardAt: ago(20) }) },
      is: 'lost gone failed',
      endedAt: ago(20),
      endInferred: true,
      foundSince: ago(10),
    },
    {
      when: 'twice, and silent',
      job: SILENT,
      over: again,
      is: 'lost gone failed',
      unconfirmed: true,
      endedAt: ago(47),
      endInferred: true,
      brokenAt: ago(32),
    },
    { when: 'twice, but beating', over: again, is: 'unknown gone-but-alive' },
    {
      when: 'twice, and no hearts are known',
      job: { heartbeatAt: null },
      over: { ...again, hasHeartbeat: false },
      is: 'lost gone failed',
      endedAt: ago(180),
      brokenAt: null,
    },
    {
      when: 'twice, but queued again just now',
      job: { ...inState('queued'), heartbeatAt: null },
      over: {
        truth,
        sighting: sightedSince(10, { goneSince: ago(10), heardAt: ago(90) }),
        hasHeartbeat: false,
        writtenAt: ago(3),
      },
      is: 'unknown gone-but-alive',
    },
    {
      when: 'twice, but queued, and it never told of it',
      job: { ...inState('queued'), heartbeatAt: null },
      over: { ...again, hasHeartbeat: false },
      is: 'keep queued',
    },
    {
      when: 'twice, and queued for too long, and it never told of it',
      job: { ...inState('queued'), heartbeatAt: null },
      over: { ...again, hasHeartbeat: false, limits: { ...DEFAULT, maxQueuedMs: 3_600_000 } },
      is: 'lost max-queued failed',
    },
    {
      when: 'twice, and queued, of which it told once',
      job: { ...inState('queued'), heartbeatAt: null },
      over: {
        truth,
        sighting: sightedSince(10, { goneSince: ago(10), heardAt: ago(90) }),
        hasHeartbeat: false,
      },
      is: 'lost gone failed',
    },
  );
});
