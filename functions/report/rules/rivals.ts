import { RIVALS_KEPT, type Rival, type StoredReport } from '../../shared/model/report/stored.ts';
import type { ReportedRecord, TimedReport } from './reported-record.ts';

/** Older executions that were alive after the newest had started: only we can tell that two run at once. */

/** The record after a report of an execution that is older than its newest. */
export function withRival(record: ReportedRecord, execution: string, report: TimedReport): ReportedRecord {
  const { report: current } = record;
  if (!current || report.state === 'queued') return record;
  const rival: Rival = {
    execution,
    seq: report.seq ?? null,
    host: report.host ?? null,
    aliveAt: report.at,
    live: report.state === 'running',
  };
  return { ...record, report: { ...current, rivals: kept([...current.rivals, rival], current) } };
}

/** The rivals of `next`, which may have taken over from the newest execution before it. */
export function rivalsAfter({ report: before }: ReportedRecord, next: StoredReport): Rival[] {
  if (!before || before.execution === next.execution) return next.rivals;
  const { execution, seq, host, aliveAt, goneAt, state } = before;
  const at = goneAt ?? aliveAt;
  const isRival = at !== null && state !== 'queued';
  const replaced: Rival[] = isRival ? [{ execution, seq, host, aliveAt: at, live: state === 'running' }] : [];
  return kept([...before.rivals, ...replaced], next);
}

/** Of each execution what its highest `seq` told, as far as it was alive after the start of `current`. */
function kept(rivals: readonly Rival[], current: StoredReport): Rival[] {
  const start = current.startedAt ?? current.aliveAt ?? current.receivedAt;
  const each = new Map<string, Rival>();
  for (const rival of rivals) {
    const known = each.get(rival.execution);
    if (!known || isNewer(rival, known)) each.set(rival.execution, rival);
  }
  return [...each.values()]
    .filter(({ aliveAt }) => aliveAt > start)
    .sort((a, b) => b.aliveAt.getTime() - a.aliveAt.getTime())
    .slice(0, RIVALS_KEPT);
}

function isNewer(a: Rival, b: Rival): boolean {
  return a.seq === null || b.seq === null || a.seq > b.seq;
}
