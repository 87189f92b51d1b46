import { ask } from '../../../shared/ask.ts';
import type { Job } from './job.ts';
import { inZone } from './schedule.ts';

/** What came of one request to a job's target. */
export interface Delivered {
  /** The status of the answer; null when none came. */
  status: number | null;
  text: string;
  /** The code of google.rpc.Code that it comes to; 0 for success. */
  code: number;
}

const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;
/** Ignored in what the job says: Cloud Scheduler sets them itself (HttpTarget in target.proto). */
const OWN_HEADERS = /^(host|content-length|user-agent|x-google-.*|x-appengine-.*|x-cloudscheduler.*)$/i;
/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto; any other failure is UNKNOWN. */
const CODES: Record<number, number> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  409: 10,
  429: 8,
  500: 13,
  501: 12,
  503: UNAVAILABLE,
  504: DEADLINE_EXCEEDED,
};
const UNKNOWN = 2;

/**
 * Sends a job's request once, with the headers of Cloud Scheduler but no token: nothing on this machine could sign one.
 * `stop` gives the answer up; whoever works on it works on.
 */
export async function deliver(
  { name, timeZone, httpTarget }: Job,
  slot: Date | null,
  stop: AbortSignal,
): Promise<Delivered> {
  const { uri, httpMethod: method } = httpTarget;
  const body = Buffer.from(httpTarget.body ?? '', 'base64');
  try {
    const headers = { ...headersOf(httpTarget, body.length > 0), ...schedulerHeaders(name, slot, timeZone) };
    const { status, text } = await ask(uri, { method, headers, body, signal: stop });
    const fine = status >= 200 && status <= 299;
    return { status, text, code: fine ? 0 : (CODES[status] ?? UNKNOWN) };
  } catch (error) {
    return { status: null, text: String(error), code: stop.aborted ? DEADLINE_EXCEEDED : UNAVAILABLE };
  }
}

function headersOf({ headers = {} }: Job['httpTarget'], hasBody: boolean): Record<string, string> {
  const own = Object.entries(headers).filter(([name]) => !OWN_HEADERS.test(name));
  const typed = own.some(([name]) => name.toLowerCase() === 'content-type');
  return {
    ...(hasBody && !typed && { 'Content-Type': 'application/octet-stream' }),
    ...Object.fromEntries(own),
  };
}

function schedulerHeaders(name: string, slot: Date | null, timeZone: string): Record<string, string> {
  return {
    'User-Agent': 'Google-Cloud-Scheduler',
    'X-CloudScheduler': 'true',
    'X-CloudScheduler-JobName': name.split('/').at(-1) ?? '',
    ...(slot && { 'X-CloudScheduler-ScheduleTime': inZone(slot, timeZone) }),
  };
}
