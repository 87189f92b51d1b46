import { messageOf } from '../../../errors.ts';
import type { HttpSettings, TimeInAnswer } from '../../../model/job/backends/http.ts';
import { isTerminal } from '../../../model/job/job.ts';
import type { JobState } from '../../../model/job/states.ts';
import { parseJson, valueAt } from '../../../model/reading/json-path.ts';
import { type Reading, read, readJsonTime, unreadable } from '../../../model/reading/reading.ts';
import { plain } from '../../rest/google-error.ts';
import { whyFailed } from '../google-jobs.ts';
import { type BackendStatus, type StatusTime, statusOf, unknown } from '../status.ts';
import { type AskedJob, namesJob } from './names-job.ts';

/** Reads the answer of an HTTP endpoint about a job, by the paths and words in the settings. */

/** An answer, read to its end. */
export interface HttpAnswer {
  status: number;
  text: string;
}

/** How the endpoint is quoted in messages. */
export interface Quoting {
  host: string;
  /** Removes secrets from a text. */
  hide: (text: string) => string;
}

/** Statuses that are about the caller or the network, and never about the job. */
const NOT_OF_THE_JOB = [401, 403, 407, 408, 429, 502, 503, 504];

/** Reads an answer. One that cannot be understood makes the job unknown, with words that quote it. */
export function readHttpAnswer(
  settings: HttpSettings,
  asked: AskedJob,
  { status, text }: HttpAnswer,
  { host, hide }: Quoting,
): BackendStatus {
  const words = (some: string) => plain(hide(some));
  const where = `${host} GET of ${plain(asked.id)}`;
  const cannotRead = (why: string) => unknown(`Cannot read ${where}: ${words(why)}`);
  const body = jsonIn(text);

  // Not of every answer: most say how a job is, and their text is quoted nowhere.
  const answered = () => `${host} says HTTP ${status}: ${words(text) || 'nothing'}`;
  if (isGone(settings, asked, { status, text }, body)) return { ...unknown(answered()), state: 'gone' };
  if (status === 404 || status === 410)
    return unknown(
      `${answered()}; which ${saysActive(settings, body) ? 'says that it goes on' : 'does not name the job'}`,
    );
  if (status !== 200) return unknown(`Cannot finish ${where}: HTTP ${status}: ${words(text)}`);
  if (body === undefined) return cannotRead(`no JSON: ${text}`);

  const word = readAt(body, settings.state, readWord);
  if (word.is === 'unreadable') return cannotRead(`${settings.state}: ${word.why}`);
  if (word.is === 'absent' && !(settings.absent && isFilled(body)))
    return cannotRead(`nothing stands at ${settings.state}: ${text}`);
  const said = `${host} says ${word.is === 'read' ? words(JSON.stringify(word.value)) : `nothing at ${settings.state}`}`;
  const state = word.is === 'read' ? meaningOf(word.value, settings) : settings.absent;
  if (!state) return unknown(`${said}, which its statuses do not map`);
  const told = statusOf({
    state,
    startedAt: timeIn(body, settings.startedAt, hide),
    endedAt: timeIn(body, settings.endedAt, hide),
    error: whyFailed(hide(textIn(body, settings.error))),
    said,
  });
  return word.is === 'read' ? told : { ...told, assumed: true };
}

/**
 * Whether an answer means that there is no such job: in the form that the settings give, or by a 404 or 410 that names the
 * job, and does not say beside it that the job goes on. An empty 410 counts, too: a router does not send it for an address
 * that it never knew.
 */
function isGone(
  settings: HttpSettings,
  asked: AskedJob,
  { status, text }: HttpAnswer,
  body: unknown,
): boolean {
  const { gone } = settings;
  const isOfTheJob = !NOT_OF_THE_JOB.includes(status) && !(status >= 300 && status < 400);
  if (gone && isOfTheJob) {
    const word = readAt(body ?? text, gone.path, readWord);
    if (word.is === 'read' && gone.is.includes(word.value)) return true;
  }
  if (status === 410 && text.trim() === '') return true;
  return (status === 404 || status === 410) && namesJob(body, asked, status) && !saysActive(settings, body);
}

function saysActive(settings: HttpSettings, body: unknown): boolean {
  const word = readAt(body, settings.state, readWord);
  const state = word.is === 'read' ? meaningOf(word.value, settings) : undefined;
  return state !== undefined && !isTerminal(state);
}

function meaningOf(word: string, { statuses }: HttpSettings): JobState | undefined {
  // The word may be `constructor`, which every object inherits.
  return Object.hasOwn(statuses, word) ? statuses[word] : undefined;
}

/** Reads the value at `path` with `reader`; unreadable where the expression does not fit the answer. */
function readAt<T>(body: unknown, path: string, reader: (value: unknown) => Reading<T>): Reading<T> {
  try {
    return reader(only(valueAt(body, path)));
  } catch (error) {
    return { is: 'unreadable', why: messageOf(error) };
  }
}

/** Returns the only entry of a list, and nothing for an empty one: an expression that filters a list finds a list. */
function only(value: unknown): unknown {
  return Array.isArray(value) && value.length < 2 ? value[0] : value;
}

/** Reads a word; a number, true and false are taken as words. */
function readWord(value: unknown): Reading<string> {
  if (value === null || value === undefined || value === '') return { is: 'absent' };
  const isWord = ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
  return isWord ? read(String(value)) : unreadable(value, 'a word');
}

function timeIn(body: unknown, time: TimeInAnswer | undefined, hide: Quoting['hide']): StatusTime | null {
  if (!time) return null;
  const { path } = time;
  const reading = readAt(body, path, (value) => readJsonTime(value, time));
  if (reading.is !== 'unreadable') return { path, reading };
  // Secrets are removed before the value is quoted: a quote is cut off, and part of a secret would not be recognised.
  const hidden = readAt(body, path, (value) =>
    readJsonTime(typeof value === 'string' ? hide(value) : value, time),
  );
  return { path, reading: hidden };
}

function textIn(body: unknown, path: string | undefined): string {
  const found = path === undefined ? null : readAt(body, path, read);
  if (found?.is !== 'read') return '';
  const { value } = found;
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value, withoutBigint);
}

function withoutBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** Whether a body is an object with any field. */
function isFilled(body: unknown): boolean {
  return typeof body === 'object' && body !== null && !Array.isArray(body) && Object.keys(body).length > 0;
}

function jsonIn(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
