import { UpstreamError } from '../../errors.ts';
import { orNull, type Reading, type TimeForm } from '../../model/reading/reading.ts';
import { timeAt } from '../backends/status.ts';
import type { ApiOptions, RestApi, RestCall } from '../rest/rest.ts';
import type { LogReader } from './log-lines.ts';
import type { CallLimits, Listed, Listing } from './table-reader.ts';

/** What the readers of all tables are made with. */

/** How the API of a table is asked, and the logs of the same project. */
export interface ReaderTools {
  options: ApiOptions;
  logs: LogReader;
}

/** Lists are read until so many workloads are found: a table shows fewer. */
const ENOUGH = 200;

/** A page of a list. */
interface Page {
  nextPageToken?: string | undefined;
}

/** How one page is asked for, and what it lists. */
interface Pages<Body extends Page> extends RestCall<Body> {
  listedOf(body: Body): Listed[];
  /** So many are enough. */
  enough?: number;
}

/** Lists the newest workloads of a place, page by page, until there are enough. */
export async function listNewest<Body extends Page>(
  api: RestApi,
  { listedOf, enough = ENOUGH, ...call }: Pages<Body>,
  limits: CallLimits,
): Promise<Listing> {
  const listed: Listed[] = [];
  let next: string | undefined;
  await api.list(
    {
      ...call,
      tokenParameter: 'pageToken',
      nextToken: ({ nextPageToken }) => nextPageToken,
      isEnough: () => listed.length >= enough,
      onStage: limits.onStage,
    },
    limits,
    (page) => {
      next = page.nextPageToken;
      listed.push(...listedOf(page));
    },
  );
  return { listed, more: Boolean(next) };
}

/** The times of a workload. One that nobody can read is `null`; `unreadable` names it, in words to put behind others. */
export interface Times {
  createdAt: Date | null;
  startedAt: Date | null;
  endedAt: Date | null;
  unreadable: string;
}

/** Reads the times of an answer. */
export function timesOf(createTime: unknown, startTime: unknown, endTime: unknown, form?: TimeForm): Times {
  const created = timeAt('createTime', createTime, form).reading;
  const started = timeAt('startTime', startTime, form).reading;
  const ended = timeAt('endTime', endTime, form).reading;
  const bad = [
    ['creation', created],
    ['start', started],
    ['end', ended],
  ].flatMap(([name, reading]) => ((reading as Reading<Date>).is === 'unreadable' ? [name] : []));
  return {
    createdAt: orNull(created),
    startedAt: orNull(started),
    endedAt: orNull(ended),
    unreadable: bad.length > 0 ? `, with an unreadable ${bad.join(' and ')}` : '',
  };
}

/** `null` where the platform itself answers that there is no such thing; what else it rejects with goes on. */
export async function orGone<T>(get: Promise<T>): Promise<T | null> {
  try {
    return await get;
  } catch (error) {
    if (error instanceof UpstreamError && error.missing) return null;
    throw error;
  }
}

/** A link into the console of the platform; `null` for any other one. */
export function consoleLink(url: string | undefined): string | null {
  return url?.startsWith('https://console.cloud.google.com/') ? url.slice(0, 400) : null;
}
