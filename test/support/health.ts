import { addMs } from '../../functions/shared/dates.ts';
import { type CurrentRun, type Health, healthSchema } from '../../functions/shared/model/run/health.ts';

/** The instant that health records are about in tests: two in the morning, when the daily duty is due. */
export const SLOT = new Date('2026-03-04T02:00:00.000Z');

/** `seconds` after SLOT. */
export function at(seconds: number): Date {
  return addMs(SLOT, seconds * 1000);
}

/** The record of a daily task that succeeded yesterday and is due at SLOT. */
export function healthOf(over: Partial<Health> = {}): Health {
  return healthSchema.parse({
    task: 'duty',
    enabled: true,
    schedule: '0 2 * * *',
    scheduleWords: 'At 02:00',
    nextExpectedAt: SLOT,
    startGraceSeconds: 900,
    maxRuntimeSeconds: 540,
    current: null,
    lastStartedAt: at(-86_400),
    lastFinishedAt: at(-86_340),
    lastSuccessAt: at(-86_340),
    lastOutcome: 'succeeded',
    lastDurationMs: 60_000,
    lastError: null,
    consecutiveFailures: 0,
    openAlarms: [],
    strip: [],
    deployment: { service: null, revision: null, region: null },
    writeId: '',
    updatedAt: at(-86_340),
    ...over,
  });
}

/** A run that began at SLOT and holds a lease of 90 s. */
export function currentRun(over: Partial<CurrentRun> = {}): CurrentRun {
  return {
    runId: 'duty@2026-03-04T02:00:00.000Z',
    attempt: 1,
    token: 'token',
    whole: true,
    startedAt: SLOT,
    heartbeatAt: SLOT,
    leaseExpiresAt: at(90),
    deadlineAt: at(510),
    ...over,
  };
}
