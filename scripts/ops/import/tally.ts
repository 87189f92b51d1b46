import { addDays, type Day, dayOf } from '../../../functions/shared/dates.ts';
import { isTerminal, type Job } from '../../../functions/shared/model/job/job.ts';
import type { Change } from './rules/decide.ts';

/** A row that was not imported, and why. */
export interface Rejection {
  line: number;
  reason: string;
}

/** What can become of a job of the file. */
export const OUTCOMES = ['created', 'updated', 'unchanged', 'kept'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** A job of the file, with what became of it. */
export interface Example {
  id: string;
  line: number;
  outcome: Outcome;
  /** Why its record was kept. */
  because: string | null;
  changes: Change[];
}

/** The most examples of each outcome that are kept. */
const EXAMPLES = 5;

/** What became of rows and jobs of a file, and the days that the jobs touch. */
export interface Tally {
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Why records were kept, and how often. */
  readonly reasons: ReadonlyMap<string, number>;
  readonly rows: number;
  /** Jobs whose record now agrees with the file, as far as it may. */
  readonly imported: number;
  readonly rejected: number;
  readonly contradictions: number;
  readonly refused: number;
  /** In the order of the file, although those of Firestore come later than those of the reader. */
  readonly rejections: Rejection[];
  readonly examples: Example[];

  countRow(): void;

  /** Counts a row or a job that is not imported. */
  reject(line: number, reason: string): void;

  /** Rejects a job whose rows contradict each other. */
  contradict(line: number, reason: string): void;

  /** Rejects a job that could have been written, and was not. */
  refuse(line: number, reason: string): void;

  count(example: Example): void;

  /** Notes the days of a job's start and end: only these move figures. */
  cover(job: Pick<Job, 'startedAt' | 'endedAt' | 'state'>): void;

  /** Returns the days from the first start or end to the last, where a job in flight reaches to yesterday; `null` for none. */
  days(now: Date): { from: Day; to: Day } | null;
}

/** An empty tally, which keeps at most `keep` rejections. */
export function newTally(keep: number): Tally {
  const rejections: Rejection[] = [];
  const examples: Example[] = [];
  const outcomes: Record<Outcome, number> = { created: 0, updated: 0, unchanged: 0, kept: 0 };
  const reasons = new Map<string, number>();
  let rows = 0;
  let rejected = 0;
  let contradictions = 0;
  let refused = 0;
  let first: Day | undefined;
  let last: Day | undefined;
  let unended = false;

  return {
    outcomes,
    reasons,
    countRow() {
      rows += 1;
    },
    reject(line, reason) {
      rejected += 1;
      if (rejections.length < keep) rejections.push({ line, reason });
    },
    contradict(line, reason) {
      contradictions += 1;
      this.reject(line, reason);
    },
    refuse(line, reason) {
      refused += 1;
      this.reject(line, reason);
    },
    count(example) {
      const { outcome, because } = example;
      outcomes[outcome] += 1;
      if (because !== null) reasons.set(because, (reasons.get(because) ?? 0) + 1);
      if (outcome !== 'unchanged' && outcomes[outcome] <= EXAMPLES) examples.push(example);
    },
    cover({ startedAt, endedAt, state }) {
      for (const instant of [startedAt, endedAt]) {
        if (instant === null) continue;
        const day = dayOf(instant);
        if (first === undefined || day < first) first = day;
        if (last === undefined || day > last) last = day;
      }
      if (startedAt !== null && endedAt === null && !isTerminal(state)) unended = true;
    },
    get rows() {
      return rows;
    },
    get imported() {
      return OUTCOMES.reduce((sum, outcome) => sum + outcomes[outcome], 0);
    },
    get rejected() {
      return rejected;
    },
    get contradictions() {
      return contradictions;
    },
    get refused() {
      return refused;
    },
    get rejections() {
      return rejections.toSorted((a, b) => a.line - b.line);
    },
    get examples() {
      return examples.toSorted((a, b) => a.line - b.line);
    },
    days(now) {
      if (first === undefined || last === undefined) return null;
      const yesterday = addDays(dayOf(now), -1);
      return { from: first, to: unended && yesterday > last ? yesterday : last };
    },
  };
}

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
