import { addMs, MINUTE_MS } from '../shared/dates.ts';
import { messageOf } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import type { SweepLimits } from '../shared/model/job/sweep-limits.ts';
import { alarmId } from '../shared/model/run/alarm.ts';
import type { ReportRecordStore } from '../shared/store/own/report-records.ts';
import type { Prepared } from './prepare.ts';
import { alarmsNow } from './rules/alarms.ts';

/** Alarms that an instance remembers: of these it does not ask. */
const MOST_KNOWN = 1_000;
/** But again after so long, for the sweep and people close alarms, too. */
const KNOWN_MS = 10 * MINUTE_MS;

/** Keeps the alarms about jobs as their reports say. */
export interface AlarmKeeper {
  /** Opens and closes what the reports of a request say. An alarm that cannot be written is tried again with the next report. */
  follow(source: string, jobs: readonly Prepared[], limits: SweepLimits, now: Date): Promise<void>;
}

export function keepAlarms(own: Pick<ReportRecordStore, 'open' | 'close'>, log: Log): AlarmKeeper {
  const known = new Map<string, { is: 'open' | 'closed'; at: Date }>();

  async function bring(
    id: string,
    { is, at }: { is: 'open' | 'closed'; at: Date },
    write: () => Promise<void>,
  ): Promise<void> {
    const before = known.get(id);
    if (before?.is === is && at < addMs(before.at, KNOWN_MS)) return;
    try {
      await write();
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(id, { is, at });
    } catch (error) {
      log.warning(`Cannot write alarm ${id}`, { error: messageOf(error) });
    }
  }

  return {
    async follow(source, jobs, { staleAfterMs, graceMs }, now) {
      for (const { id, folded } of jobs) {
        if (!folded) continue;
        const { open, close } = alarmsNow({ source, id, ...folded, silentMs: staleAfterMs + graceMs }, now);
        for (const alarm of open)
          await bring(alarmId(alarm), { is: 'open', at: now }, () => own.open(alarm, now));
        for (const alarm of close)
          await bring(alarm.id, { is: 'closed', at: now }, () => own.close(alarm, now));
      }
    },
  };
}
