import { messageOf } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import type { SweepLimits } from '../shared/model/job/sweep-limits.ts';
import { alarmId } from '../shared/model/run/alarm.ts';
import type { ReportRecordStore } from '../shared/store/own/report-records.ts';
import type { Prepared } from './prepare.ts';
import { alarmsNow } from './rules/alarms.ts';

/** Alarms that an instance remembers: of these it asks no more. */
const MOST_KNOWN = 1_000;

/** Keeps the alarms about jobs as their reports say. */
export interface AlarmKeeper {
  /** Opens and closes what the reports of a request say. An alarm that cannot be written is tried again with the next report. */
  follow(source: string, jobs: readonly Prepared[], limits: SweepLimits, now: Date): Promise<void>;
}

export function keepAlarms(own: Pick<ReportRecordStore, 'open' | 'close'>, log: Log): AlarmKeeper {
  const known = new Map<string, 'open' | 'closed'>();

  async function bring(id: string, to: 'open' | 'closed', write: () => Promise<void>): Promise<void> {
    if (known.get(id) === to) return;
    try {
      await write();
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(id, to);
    } catch (error) {
      log.warning(`Cannot write alarm ${id}`, { error: messageOf(error) });
    }
  }

  return {
    async follow(source, jobs, { staleAfterMs, graceMs }, now) {
      for (const { id, folded } of jobs) {
        if (!folded) continue;
        const { open, close } = alarmsNow({ source, id, ...folded, silentMs: staleAfterMs + graceMs }, now);
        for (const alarm of open) await bring(alarmId(alarm), 'open', () => own.open(alarm, now));
        for (const alarm of close) await bring(alarm.id, 'closed', () => own.close(alarm, now));
      }
    },
  };
}
