import { addDays, type Day, dayOf } from '../../../functions/shared/dates.ts';
import { isTerminal } from '../../../functions/shared/model/job.ts';
import type { ImportRecord } from './record.ts';

/** A row that was not imported, and why. */
export interface Rejection {
  line: number;
  reason: string;
}

/** Counts what became of the rows, keeping at most `keep` rejections, and learns the days that the jobs touch. */
export function newTally(keep: number) {
  const rejections: Rejection[] = [];
  let rejected = 0;
  let imported = 0;
  let first: Day | undefined;
  let last: Day | undefined;
  let unended = false;

  return {
    reject(line: number, reason: string): void {
      rejected += 1;
      if (rejections.length < keep) rejections.push({ line, reason });
    },
    countImported(): void {
      imported += 1;
    },
    /** Learns the days of a record: those of its start and end, for only these move figures. */
    cover({ startedAt, endedAt, state }: ImportRecord): void {
      for (const instant of [startedAt, endedAt]) {
        if (instant === null) continue;
        const day = dayOf(instant);
        if (first === undefined || day < first) first = day;
        if (last === undefined || day > last) last = day;
      }
      if (startedAt !== null && endedAt === null && !isTerminal(state)) unended = true;
    },
    get imported() {
      return imported;
    },
    get rejected() {
      return rejected;
    },
    /** In the order of the file: refusals of Firestore come later than those of the reader. */
    get rejections() {
      return rejections.toSorted((a, b) => a.line - b.line);
    },
    /** From the first start or end to the last; a job in flight reaches to yesterday. `null` when there is none. */
    days(now: Date): { from: Day; to: Day } | null {
      if (first === undefined || last === undefined) return null;
      const yesterday = addDays(dayOf(now), -1);
      return { from: first, to: unended && yesterday > last ? yesterday : last };
    },
  };
}
export type Tally = ReturnType<typeof newTally>;

/** The command that collects `days`, without days that are not over; `null` when none is left. */
export function collectCommand(days: { from: Day; to: Day } | null, now: Date): string | null {
  if (days === null) return null;
  const yesterday = addDays(dayOf(now), -1);
  const [to = yesterday] = [days.to, yesterday].sort();
  const body = { from: days.from, to };
  return body.from <= body.to
    ? `npm run -s ops -- run collect-metrics --body '${JSON.stringify(body)}'`
    : null;
}
