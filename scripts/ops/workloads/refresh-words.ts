import {
  busyUntil,
  type PendingCall,
  type Refresh,
  slowTables,
} from '../../../functions/shared/model/workload/refresh.ts';
import { TRUSTED_MS } from '../../../functions/shared/model/workload/standing.ts';
import type { WorkloadsRead } from '../../../functions/shared/store/own/workload-records.ts';
import { duration, relative, stamp } from '../../words/figures.ts';
import { oneLine, paint } from '../../words/terminal.ts';

/** What the tables were last refreshed by, what that waits for, and what it gave up on, by name. */
export function refreshInWords(refresh: Refresh | null, now: Date): string[] {
  if (!refresh) return [paint.yellow('never refreshed: observe-workloads has not run yet')];
  const { startedAt, by, progress } = refresh;
  const who = by === 'viewer' ? 'for a viewer' : 'by schedule';
  const calls = (progress?.pending ?? []).map((call) =>
    paint.yellow(`  waits for ${callInWords(call, now)}`),
  );
  if (busyUntil(refresh, now)) {
    const far = progress ? `: ${progress.answered} of ${progress.asked} calls answered` : '';
    return [paint.cyan(`refreshing ${who} since ${stamp(startedAt)}${far}`), ...calls, ...troubles(refresh)];
  }
  const when = `refreshed ${who} at ${stamp(startedAt)}, ${relative(startedAt, now)}`;
  const isOld = now.getTime() - startedAt.getTime() > TRUSTED_MS;
  if (refresh.lease) return [paint.yellow(`${when}, and that never ended`), ...calls, ...troubles(refresh)];
  return [isOld ? paint.yellow(`${when}: nothing here is newer`) : paint.dim(when), ...troubles(refresh)];
}

function troubles(refresh: Refresh): string[] {
  return [
    ...refresh.hung.map((call) => `gave up on ${nameOf(call)}`),
    ...slowTables(refresh).map(
      ({ table, times, region, ms }) =>
        `${table} was slow ${times} times in a row: ${region ? `${region} took ` : ''}${duration(ms)}`,
    ),
  ].map((line) => paint.yellow(`  ${oneLine(line)}`));
}

function callInWords(call: PendingCall, now: Date): string {
  return `${nameOf(call)}, for ${duration(Math.max(0, now.getTime() - call.since.getTime()))}`;
}

function nameOf({ table, operation, region, stage }: PendingCall): string {
  return oneLine(`${table ? `${table}: ` : ''}${operation}${region ? ` (${region})` : ''}, at ${stage}`);
}

/** The tables that cannot be read, which stay as they were. */
export function unreadableInWords({ unreadable }: Pick<WorkloadsRead, 'unreadable'>): string[] {
  return unreadable.map(({ path, message }) =>
    oneLine(message.includes(path) ? message : `Cannot read ${path}: ${message}`),
  );
}
