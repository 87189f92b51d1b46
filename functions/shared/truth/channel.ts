import { addMs } from '../dates.ts';
import { allLimits } from '../model/job/sweep-limits.ts';
import { since } from '../model/job/verdict/liveness.ts';
import { PLAUSIBLE_TIMES } from '../model/reading/reading.ts';
import type { Channel } from '../model/report/channel-reading.ts';
import type { ReadOptions } from '../store/firestore/read-options.ts';
import type { ReportChannelStore } from '../store/own/report-channels.ts';
import type { ActiveJobStore } from '../store/sources/active-jobs.ts';

/**
 * Whether reports of a source arrive; `null` where it takes none. Only where they do not it is counted how many jobs would
 * have gone on to report: in a source of which few jobs report, nothing comes for hours while all is well.
 */
export async function lookAtChannel(
  { name, source, counts }: Pick<ActiveJobStore, 'name' | 'source' | 'counts'>,
  channels: Pick<ReportChannelStore, 'look'>,
  now: Date,
  options: ReadOptions,
): Promise<Channel | null> {
  if (!source.reports) return null;
  const { record, unreadable } = await channels.look(name, options);
  const limits = allLimits(source.sweep).map(({ staleAfterMs }) => staleAfterMs);
  if (!record || since(record.lastAcceptedAt, now) <= Math.min(...limits))
    return { record, unreadable, waiting: null };
  const receivedAt = { path: `${source.addedField}.report.receivedAt`, type: 'timestamp' } as const;
  const range = { from: addMs(record.lastAcceptedAt, -Math.max(...limits)), to: PLAUSIBLE_TIMES.to };
  const waiting = await counts.between('running', receivedAt, range, options);
  return { record, unreadable, waiting };
}
