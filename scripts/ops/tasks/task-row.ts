import { type CatalogEntry, nextSlot } from '../../../functions/shared/catalog.ts';
import { scheduleWords } from '../../../functions/shared/cron.ts';
import { type Health, healthAt, type StripEntry } from '../../../functions/shared/model/run/health.ts';
import type { HealthNow } from '../../../functions/shared/model/run/health-state.ts';
import type { Run } from '../../../functions/shared/model/run/run.ts';
import { whyPartial } from '../../words/partial.ts';

/** Runs shown of a task's recent history. */
export const STRIP_SHOWN = 20;

/** The last whole run, where it was partial. */
type LastRun = Pick<Run, 'summary' | 'problems'>;

/** A task as `ops tasks` shows it. Everything about its runs is `null` where it never ran. */
export interface TaskRow extends HealthNow {
  task: string;
  description: string;
  schedule: string;
  scheduleWords: string;
  nextExpectedAt: Date | null;
  lastStartedAt: Date | null;
  lastOutcome: Health['lastOutcome'];
  lastDurationMs: number | null;
  lastSuccessAt: Date | null;
  consecutiveFailures: number | null;
  /** The newest runs, oldest first; at most STRIP_SHOWN. */
  strip: StripEntry[];
  /** The ids of its open alarms. */
  openAlarms: string[];
}

/** The row of a task as it stands at `now`. `last` shows why it is degraded. */
export function taskRow(entry: CatalogEntry, health: Health | undefined, now: Date, last?: LastRun): TaskRow {
  return {
    task: entry.task,
    description: entry.description,
    ...stateWithReason(stateOf(entry, health, now), last),
    schedule: entry.schedule,
    scheduleWords: scheduleWords(entry.schedule),
    nextExpectedAt: health?.nextExpectedAt ?? nextSlot(entry, now),
    lastStartedAt: health?.lastStartedAt ?? null,
    lastOutcome: health?.lastOutcome ?? null,
    lastDurationMs: health?.lastDurationMs ?? null,
    lastSuccessAt: health?.lastSuccessAt ?? null,
    consecutiveFailures: health?.consecutiveFailures ?? null,
    strip: health?.strip.slice(-STRIP_SHOWN) ?? [],
    openAlarms: health?.openAlarms ?? [],
  };
}

/** The row of a task whose record is there and cannot be read: nothing of its runs is known, and it is not new. */
export function withoutRecord(row: TaskRow, why: string): TaskRow {
  if (row.state === 'disabled') return row;
  return { ...row, state: 'unknown', reason: `its record cannot be read: ${why}` };
}

function stateOf(entry: CatalogEntry, health: Health | undefined, now: Date): HealthNow {
  // The record has what the catalogue said at the last run; a task that was switched off since is off.
  if (health) return healthAt({ ...health, enabled: health.enabled && entry.enabled }, now);
  return entry.enabled
    ? { state: 'new', reason: 'has not run yet', running: false }
    : { state: 'disabled', reason: 'not enabled in the catalogue', running: false };
}

function stateWithReason(state: HealthNow, last: LastRun | undefined): HealthNow {
  if (state.state !== 'degraded' || !last) return state;
  return { ...state, reason: `${state.reason}: ${whyPartial(last)}` };
}
