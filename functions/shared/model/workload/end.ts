import { z } from 'zod';
import { addMs, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../dates.ts';
import { redact } from './redact.ts';
import { type Row, storedReasonSchema, WORKLOAD_STATES } from './row.ts';
import { TABLE_NAMES, type TableName, tableOf } from './tables.ts';

/** What is remembered of a workload that ended, so that its log is read once, by whichever instance. */

/** What is kept of a log. */
const TAIL_LINES = 40;
const TAIL_CHARACTERS = 8 * 1_024;
const LINE_CHARACTERS = 2 * 1_024;
const EVIDENCE_LENGTH = 1_000;
const ERROR_LENGTH = 300;
export const END_KEPT_MS = 90 * DAY_MS;

/** Entries come late, and Vertex AI says why a job failed only about a minute after its end. */
const EMPTY_WAITS_MS = [20 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS];
/** So long after an end its log may not be whole. */
const LATE_MS = 2 * MINUTE_MS;
/** The waits for a log that cannot be read: they double up to this. */
const LONGEST_WAIT_MS = HOUR_MS;

/**
 * `read`: it had lines. `empty`: it answered without any. `unreadable`: it did not answer, which is never a reason. `unneeded`:
 * the platform itself says enough. `unread`: it waits for its turn.
 */
export const LOG_STATES = ['read', 'empty', 'unreadable', 'unneeded', 'unread'] as const;

/** What the platform itself says of an end. */
export const saidSchema = z.object({
  /** The word and the message of a condition, or of a status. */
  condition: z.string().nullable(),
  exit: z.int().nullable(),
  errorMessage: z.string().nullable(),
  failureInfo: z.string().nullable(),
});
export type PlatformSaid = z.infer<typeof saidSchema>;

/** `workloadEnds/{table~region~id}`. */
export const endSchema = z.object({
  table: z.enum(TABLE_NAMES),
  region: z.string(),
  id: z.string(),
  name: z.string(),
  state: z.enum(WORKLOAD_STATES),
  startedAt: z.date().nullable(),
  endedAt: z.date().nullable(),
  platform: saidSchema,
  reason: storedReasonSchema.nullable(),
  jobs: z.int().nullable(),
  /** The last lines of its log, without secrets. */
  tail: z.array(z.string()),
  log: z.enum(LOG_STATES),
  /** Why its log was not read. */
  logError: z.string().nullable(),
  /** Readings of the log that came to nothing. */
  tries: z.int(),
  /** Before it the log is not read again; `null` once nothing is to come. */
  nextTryAt: z.date().nullable(),
  /** The version of the rules that found the reason; newer ones judge the tail again. */
  rules: z.int(),
  /** When prune-records may delete it. */
  expireAt: z.date(),
});
export type End = z.infer<typeof endSchema>;

/** What the reading of a log came to. */
export type LogAnswer =
  | { kind: 'lines'; lines: readonly string[] }
  | { kind: 'empty' }
  | { kind: 'unreadable'; error: string };

/** The id of the record of an end. A slash would make a path of it. */
export function endKey(
  table: TableName,
  { region, id, endedAt }: Pick<Row, 'region' | 'id'> & Partial<Pick<Row, 'endedAt'>>,
): string {
  const own = tableOf(table).endsAgain ? `${id}@${endedAt?.toISOString() ?? ''}` : id;
  return [table, region, own].map((part) => part.replaceAll('/', '%2F').replaceAll('~', '%7E')).join('~');
}

/** The record of an end that was just seen. `needsLog`: only the log can tell why. */
export function newEnd(
  table: TableName,
  row: Row,
  platform: PlatformSaid,
  { needsLog, now }: { needsLog: boolean; now: Date },
): End {
  return {
    table,
    region: row.region,
    id: row.id,
    name: row.name,
    state: row.state,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    platform: bounded(platform),
    reason: null,
    jobs: null,
    tail: [],
    log: needsLog ? 'unread' : 'unneeded',
    logError: null,
    tries: 0,
    nextTryAt: needsLog ? now : null,
    rules: 0,
    expireAt: addMs(now, END_KEPT_MS),
  };
}

/** What the platform says, short enough to be stored, and without secrets. */
export function bounded({ condition, exit, errorMessage, failureInfo }: PlatformSaid): PlatformSaid {
  // A secret that was cut is none to whoever looks for secrets.
  const short = (text: string | null) =>
    text === null ? null : redact(text.slice(0, LINE_CHARACTERS)).slice(0, EVIDENCE_LENGTH).toWellFormed();
  return {
    condition: short(condition),
    exit,
    errorMessage: short(errorMessage),
    failureInfo: short(failureInfo),
  };
}

/** Whether the log of an end is to be read now. */
export function isLogDue({ nextTryAt }: Pick<End, 'nextTryAt'>, now: Date): boolean {
  return nextTryAt !== null && nextTryAt <= now;
}

/**
 * How an end stands after its log was asked for. It is never asked for again once it was empty to the last, or had lines; but see
 * `lookedAtAgain`.
 */
export function endAfterLog(end: End, answer: LogAnswer, now: Date): End {
  if (answer.kind === 'lines')
    return { ...end, log: 'read', tail: tailOf(answer.lines), logError: null, nextTryAt: null };
  // What was read once is kept.
  if (end.log === 'read') return { ...end, nextTryAt: null };
  const tries = end.log === answer.kind ? end.tries + 1 : 1;
  if (answer.kind === 'unreadable') {
    const waitMs = Math.min(LONGEST_WAIT_MS, MINUTE_MS * 2 ** Math.min(tries - 1, 10));
    const logError = answer.error.slice(0, ERROR_LENGTH);
    return { ...end, log: 'unreadable', logError, tries, nextTryAt: addMs(now, waitMs) };
  }
  const waitMs = EMPTY_WAITS_MS[tries - 1];
  const nextTryAt = waitMs === undefined ? null : addMs(now, waitMs);
  return { ...end, log: 'empty', logError: null, tries, nextTryAt };
}

/**
 * An end whose log was just read, which is read once more, later, where it gave no reason so soon after the end that its last
 * lines may not have come yet. `wasRead`: it is the second reading.
 */
export function lookedAtAgain(end: End, { wasRead, now }: { wasRead: boolean; now: Date }): End {
  if (wasRead || end.log !== 'read' || end.reason?.category !== 'unknown' || !end.endedAt) return end;
  return now > addMs(end.endedAt, LATE_MS) ? end : { ...end, nextTryAt: addMs(now, LATE_MS) };
}

/** The last lines that may be kept. */
export function tailOf(lines: readonly string[]): string[] {
  const tail: string[] = [];
  let characters = 0;
  for (const line of lines.slice(-TAIL_LINES).reverse()) {
    const cut = line.slice(0, LINE_CHARACTERS).toWellFormed();
    characters += cut.length;
    if (characters > TAIL_CHARACTERS) break;
    tail.unshift(cut);
  }
  return tail;
}

/** What a row says whose log nobody has read so far. */
export const UNREAD = 'log not read yet';

/** What a row says of the end that is remembered of it. */
export function withEnd(row: Row, end: End): Row {
  const note =
    end.log === 'unreadable'
      ? `log not read: ${end.logError}`
      : end.log === 'unread'
        ? UNREAD
        : end.log === 'empty' && end.nextTryAt !== null
          ? 'no output yet'
          : null;
  return { ...row, reason: end.reason, jobs: end.jobs, note };
}
