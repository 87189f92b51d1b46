import {
  backoffSeconds,
  type Catalog,
  type CatalogEntry,
  TAKEOVER_MARGIN_SECONDS,
} from '../../../functions/shared/catalog.ts';
import { deliveryDrift, type LiveSchedule } from '../../../functions/shared/model/run/schedule.ts';
import { stamp } from '../../words/figures.ts';
import { openScheduler } from '../schedules/open.ts';
import { deployAgain, scheduleRow } from '../schedules/row.ts';
import { CannotCheck, type Check, type Finding } from '../shared/check.ts';
import type { Connection } from '../shared/connect.ts';

/** Whether the job of every task is there and goes by the catalogue, and whether the deadlines of all nest. */
export function scheduleChecks(connection: Connection, catalog: Catalog): Check[] {
  return [
    {
      group: 'Cloud Scheduler',
      what: 'jobs',
      async look() {
        if (connection.target.kind !== 'real' && !connection.settings.baseUrls.scheduler)
          throw new CannotCheck('beside an emulator only a stand-in is, and baseUrls.scheduler names none');
        const { scheduler, isStandIn } = openScheduler(connection);
        const live = new Map((await scheduler.list()).map((job) => [job.name, job]));
        return Object.values(catalog).map((entry) => scheduleFinding(entry, live.get(entry.task), isStandIn));
      },
    },
  ];
}

/** How the job of a task is, and whether it is as declared. */
export function scheduleFinding(
  entry: CatalogEntry,
  live: LiveSchedule | undefined,
  isStandIn: boolean,
): Finding {
  const { task, enabled } = entry;
  const { drift, scheduleWords } = scheduleRow(entry, live, isStandIn);
  const delivery = live ? [...nesting(entry, live), ...deliveryDrift(entry, live)] : [];
  const [first] = drift;
  if (first || delivery.length > 0) {
    const words = [...drift.map((one) => one.words), ...delivery].join('; ');
    return { what: task, state: 'wrong', words, mend: first?.mend ?? deployAgain(isStandIn) };
  }
  if (!enabled) return { what: task, state: 'ok', words: 'the catalogue disables it, and it does not fire' };
  const { timeoutSeconds, attemptDeadlineSeconds } = entry;
  const nest = `${timeoutSeconds} s to run within ${attemptDeadlineSeconds} s to answer`;
  return {
    what: task,
    state: 'ok',
    words: `${scheduleWords} UTC, next ${stamp(live?.nextAt)}; ${nest}`,
  };
}

/** What is cut off because the live job waits too shortly for it. */
function nesting(
  { timeoutSeconds, leaseSeconds }: CatalogEntry,
  { attemptDeadlineSeconds, retry }: LiveSchedule,
): string[] {
  const waits = backoffSeconds(retry);
  const needed = leaseSeconds + TAKEOVER_MARGIN_SECONDS;
  return [
    ...(attemptDeadlineSeconds < timeoutSeconds
      ? [`it gives up after ${attemptDeadlineSeconds} s on a function that may take ${timeoutSeconds} s`]
      : []),
    ...(retry.count > 0 && waits <= needed
      ? [`its last retry comes after ${waits} s, before a dead run can be taken over after ${needed} s`]
      : []),
  ];
}
