import type { CatalogEntry } from '../../../functions/shared/catalog.ts';
import { scheduleWords } from '../../../functions/shared/cron.ts';
import {
  type Drift,
  driftOf,
  type LiveSchedule,
  statusWords,
} from '../../../functions/shared/model/run/schedule.ts';

/** The job of a task beside what the catalogue declares. */
export function scheduleRow(entry: CatalogEntry, live: LiveSchedule | undefined, isStandIn: boolean) {
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
export type ScheduleRow = ReturnType<typeof scheduleRow>;

/** What makes Cloud Scheduler go by the catalogue again. */
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

/** What makes the jobs as the catalogue has them. */
export function deployAgain(isStandIn: boolean): string {
  return isStandIn ? 'stop the stack and start it again: npm start' : 'terraform -chdir=infra apply';
}
