import { z } from 'zod';
import { UpstreamError } from '../../errors.ts';
import { parseAnswer } from '../rest/answer.ts';
import { googleApi } from '../rest/google-api.ts';
import type { ApiOptions } from '../rest/rest.ts';
import type { CallLimits } from './table-reader.ts';

/** The newest lines of a log, from Cloud Logging (https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list). */

/** Google's name of the method. */
export const LOG_OPERATION = 'entries.list';
/** The entries asked for, and the text that is kept of them: a reason stands near the end. */
const ENTRIES = 300;
const CHARACTERS = 64 * 1_024;
/** An answer may be empty and have a token all the same: the search goes on. */
const MOST_PAGES = 5;
const FIELDS = 'nextPageToken,entries(timestamp,insertId,labels,resource(labels),textPayload,jsonPayload)';

/** An entry, as far as its words and their order go. */
export const entrySchema = z.object({
  timestamp: z.string().default(''),
  insertId: z.string().default(''),
  labels: z.record(z.string(), z.string()).default({}),
  resource: z.object({ labels: z.record(z.string(), z.string()).default({}) }).optional(),
  textPayload: z.string().optional(),
  jsonPayload: z.looseObject({ message: z.unknown().optional() }).optional(),
});
export type LogEntry = z.infer<typeof entrySchema>;

const pageSchema = z.strictObject({
  entries: z.array(entrySchema).default([]),
  nextPageToken: z.string().optional(),
});

export interface LogReader {
  /** The newest entries that match, newest first, each once. */
  newest(filter: readonly string[], limits: CallLimits): Promise<LogEntry[]>;
}

export function logReader(options: ApiOptions): LogReader {
  const api = googleApi('logging', options);
  return {
    async newest(filter, limits) {
      const endsAt = performance.now() + limits.limitMs;
      let pageToken: string | undefined;
      for (let page = 1; ; page += 1) {
        const { entries, nextPageToken } = await onePage(filter, pageToken, limits, endsAt);
        if (entries.length > 0 || !nextPageToken) return entries.sort(newestFirst);
        if (page >= MOST_PAGES || limits.mayGoOn?.() === false)
          throw new UpstreamError(
            `Cannot finish Cloud Logging entries.list: no entry on the first ${page === 1 ? 'page' : `${page} pages`}`,
            { retryable: false },
          );
        pageToken = nextPageToken;
      }
    },
  };

  function onePage(
    filter: readonly string[],
    pageToken: string | undefined,
    { signal, limitMs, onStage }: CallLimits,
    endsAt: number,
  ): Promise<z.infer<typeof pageSchema>> {
    const body = {
      resourceNames: [`projects/${options.project}`],
      filter: filter.join(' AND '),
      orderBy: 'timestamp desc',
      pageSize: ENTRIES,
      pageToken,
    };
    const leftMs = Math.max(1, Math.min(limitMs, endsAt - performance.now()));
    return api.post(
      {
        operation: LOG_OPERATION,
        path: '/v2/entries:list',
        query: { fields: FIELDS },
        permission: 'logging.logEntries.list',
        post: { contentType: 'application/json', text: JSON.stringify(body) },
        attempt: 1,
        fault: undefined,
        read: ({ text }) => parseAnswer('Cloud Logging entries.list', pageSchema, text),
        fields: () => ({}),
        onStage,
      },
      { limitMs: leftMs, signal },
    );
  }
}

/** Entries of one instant are in the order of their ids. */
export function newestFirst(a: LogEntry, b: LogEntry): number {
  const [one, other] = [instantOf(a), instantOf(b)];
  if (one !== other) return one < other ? 1 : -1;
  return a.insertId < b.insertId ? 1 : -1;
}

/** The time of an entry as a text of one length: `12:00:00Z`, `12:00:00.5Z` and nanoseconds stand in their order. */
function instantOf({ timestamp }: LogEntry): string {
  const [seconds = '', fraction = ''] = timestamp.replace(/Z$/, '').split('.');
  return `${seconds}.${fraction.padEnd(9, '0')}`;
}

/** Who wrote an entry of several replicas or tasks, as it stands before the lines that gcloud prints. */
function writerOf({ labels, resource }: LogEntry): string {
  const replica = resource?.labels.task_name;
  if (replica) return `${replica}\t`;
  const task = labels['run.googleapis.com/task_index'];
  return task ? `[task ${task}] ` : '';
}

/**
 * The lines of entries that come newest first: oldest first, the newest that fit. An entry may hold several lines. Where several
 * replicas or tasks have written them, each begins with its own.
 */
export function linesIn(entries: readonly LogEntry[]): string[] {
  const areSeveral = new Set(entries.map(writerOf)).size > 1;
  const lines: string[] = [];
  let left = CHARACTERS;
  for (const entry of entries) {
    const text = textOf(entry);
    if (text.length >= left && lines.length > 0) break;
    const prefix = areSeveral ? writerOf(entry) : '';
    // Of one that is too long by itself, its end.
    const own = text.slice(-CHARACTERS).split('\n');
    lines.push(...own.map((line) => `${prefix}${line}`).reverse());
    left -= text.length + 1;
  }
  return lines.reverse();
}

function textOf({ textPayload, jsonPayload }: LogEntry): string {
  if (textPayload !== undefined) return textPayload;
  if (typeof jsonPayload?.message === 'string') return jsonPayload.message;
  return jsonPayload === undefined ? '' : JSON.stringify(jsonPayload);
}

/** A text within a filter. */
export function quotedTerm(text: string): string {
  return JSON.stringify(text);
}

/** Any of some texts, within a filter. */
export function anyOf(texts: readonly string[]): string {
  const terms = [...new Set(texts)].map(quotedTerm);
  return terms.length === 1 ? (terms[0] as string) : `(${terms.join(' OR ')})`;
}
