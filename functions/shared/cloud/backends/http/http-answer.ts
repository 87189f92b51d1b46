import { messageOf } from '../../../errors.ts';
import type { HttpSettings, TimeInAnswer } from '../../../model/job/backends/http.ts';
import type { JobState } from '../../../model/job/states.ts';
import { parseJson, valueAt } from '../../../model/reading/json-path.ts';
import { type Reading, read, readJsonTime, unreadable } from '../../../model/reading/reading.ts';
import { plain } from '../../rest/google-error.ts';
import { errorOf } from '../google-jobs.ts';
import { type BackendStatus, type StatusTime, statusOf, unknown } from '../status.ts';
import { type AskedJob, namesJob } from './names-job.ts';

/** What an HTTP endpoint says about a job, read out of its answer as the settings say. */

/** An answer, read to its end. */
export interface HttpAnswer {
  status: number;
  text: string;
}

/** Who answered, and what its words must not repeat. */
export interface Telling {
  host: string;
  /** Takes secrets out of a text. */
  hide: (text: string) => string;
}

/** Statuses that are about the caller, or the way there, and never about the job. */
const NOT_OF_THE_JOB = [401, 403, 407, 408, 429, 502, 503, 504];

/** Reads an answer. What cannot be read is unknown, in words that quote it. */
export function readHttpAnswer(
  settings: HttpSettings,
  asked: AskedJob,
  { status, text }: HttpAnswer,
  { host, hide }: Telling,
): BackendStatus {
  const words = (some: string) => plain(hide(some));
  const where = `${host} GET of ${plain(asked.id)}`;
  const cannotRead = (why: string) => unknown(`Cannot read ${where}: ${words(why)}`);
  const body = jsonIn(text);

  const told = `${host} says HTTP ${status}: ${words(text) || 'nothing'}`;
  if (isGone(settings, asked, { status, text }, body)) return { ...unknown(told), state: 'gone' };
  if (status === 404 || status === 410) return unknown(`${told}; which does not name the job`);
  if (status !== 200) return unknown(`Cannot finish ${where}: HTTP ${status}: ${words(text)}`);
  if (body === undefined) return cannotRead(`no JSON: ${text}`);

  const word = readAt(body, settings.state, readWord);
  if (word.is === 'unreadable') return cannotRead(`${settings.state}: ${word.why}`);
  if (word.is === 'absent' && !(settings.absent && isFilled(body)))
    return cannotRead(`nothing stands at ${settings.state}: ${text}`);
  const said = `${host} says ${word.is === 'read' ? words(JSON.stringify(word.value)) : `nothing at ${settings.state}`}`;
  const state = word.is === 'read' ? meaningOf(word.value, settings) : settings.absent;
  if (!state) return unknown(`${said}, which its statuses do not map`);
  return statusOf({
    state,
    startedAt: timeIn(body, settings.startedAt, hide),
    endedAt: timeIn(body, settings.endedAt, hide),
    error: errorOf(hide(textIn(body, settings.error))),
    said,
  });
}

/**
 * Whether an answer says that there is no such job: as the settings say, or by a 404 or 410 that names it. A 410 without a
 * word is one, too: no router says so of what it never knew.
 */
function isGone(
  { gone }: HttpSettings,
  asked: AskedJob,
  { status, text }: HttpAnswer,
  body: unknown,
): boolean {
  const isOfTheJob = !NOT_OF_THE_JOB.includes(status) && !(status >= 300 && status < 400);
  if (gone && isOfTheJob) {
    const word = readAt(body ?? text, gone.path, readWord);
    if (word.is === 'read' && gone.is.includes(word.value)) return true;
  }
  if (status === 410 && text.trim() === '') return true;
  return (status === 404 || status === 410) && namesJob(body, asked, status);
}

function meaningOf(word: string, { statuses }: HttpSettings): JobState | undefined {
  // Their word may be `constructor`, which every object has.
  return Object.hasOwn(statuses, word) ? statuses[word] : undefined;
}

/** What stands at `path`, as `reader` reads it; unreadable where the expression does not fit the answer. */
function readAt<T>(body: unknown, path: string, reader: (value: unknown) => Reading<T>): Reading<T> {
  try {
    return reader(only(valueAt(body, path)));
  } catch (error) {
    return { is: 'unreadable', why: messageOf(error) };
  }
}

/** The one entry of a list, and nothing where a list is empty: a choice in a list is a list, too. */
function only(value: unknown): unknown {
  return Array.isArray(value) && value.length < 2 ? value[0] : value;
}

/** A number and true or false are words, too. */
function readWord(value: unknown): Reading<string> {
  if (value === null || value === undefined || value === '') return { is: 'absent' };
  const isWord = ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
  return isWord ? read(String(value)) : unreadable(value, 'a word');
}

function timeIn(body: unknown, time: TimeInAnswer | undefined, hide: Telling['hide']): StatusTime | null {
  if (!time) return null;
  const { path } = time;
  const reading = readAt(body, path, (value) => readJsonTime(value, time));
  if (reading.is !== 'unreadable') return { path, reading };
  // Quoted whole: half a secret could not be recognised and hidden.
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

/** Whether a body holds anything at all. */
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
