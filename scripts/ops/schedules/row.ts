import type { CatalogEntry } from '../../../functions/shared/catalog.ts';
import { scheduleWords } from '../../../functions/shared/cron.ts';
import {
  type Drift,
  driftOf,
  type LiveSchedule,
  statusWords,
} from '../../../functions/shared/model/run/schedule.ts';

/** The job of a task beside what the catalogue declares, as `ops schedules` shows it. */
export interface ScheduleRow {
  task: string;
  schedule: string;
  scheduleWords: string;
  enabled: boolean;
  /** `null` where Cloud Scheduler has no such job. */
  live: (LiveSchedule & { lastStatusWords: string | null }) | null;
  /** The differences, each with the command that fixes it. */
  drift: (Drift & { mend: string })[];
}

export function scheduleRow(
  entry: CatalogEntry,
  live: LiveSchedule | undefined,
  isStandIn: boolean,
): ScheduleRow {
  const { task, schedule, enabled } = entry;
  return {
    task,
    schedule,
    scheduleWords: scheduleWords(schedule),
    enabled,
    live: live ? { ...live, lastStatusWords: live.lastStatus && statusWords(live.lastStatus) } : null,
    drift: driftOf(entry, live).map((drift) => ({ ...drift, mend: fixOf(drift, task, isStandIn) })),
  };
}

/** Returns the command that makes Cloud Scheduler agree with the catalogue again. */
export function fixOf({ kind }: Pick<Drift, 'kind'>, task: string, isStandIn: boolean): string {
  switch (kind) {
    case 'paused':
      return `npm run -s ops -- schedules resume ${task}`;
    case 'enabled':
      return `npm run -s ops -- schedules pause ${task}`;
    case 'missing':
    case 'disabled':
    case 'cron':
    case 'zone':
      return deployAgain(isStandIn);
  }
}

/** Returns the command that makes all jobs as the catalogue has them. */
export function deployAgain(isStandIn: boolean): string {
  return isStandIn ? 'stop the stack and start it again: npm start' : 'terraform -chdir=infra apply';
}
