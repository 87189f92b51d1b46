import { SECOND_MS } from '../../shared/dates.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Source } from '../../shared/model/job/source.ts';
import { ACTIVE_STATES } from '../../shared/model/job/states.ts';
import { isPath } from '../../shared/model/reading/document-path.ts';
import type { Problem } from '../../shared/problems.ts';
import type { Tally } from '../../shared/store/firestore/read-options.ts';
import type { JobsQuery } from '../api/endpoints.ts';
import type { JobAnswer } from '../api/job-schemas.ts';
import { type Keeper, type Kept, keep, keepers } from '../cache/keep.ts';
import { NO_ANSWER_YET } from '../cache/kept-backend.ts';
import { isOff } from '../rules/is-off.ts';
import { cursorOf, partsOf, wrongCursor } from './cursor.ts';
import { type AskedRecords, type Judging, judged, type StatusSource } from './judged.ts';

/** A list is kept for so long at least, as are the answers of backends in it. */
const LIFE_MS = 15 * SECOND_MS;
/** With an answer missing that may come soon, it is put together anew after this: that reads nothing. */
const LATE_MS = 4 * SECOND_MS;
/** And for so long for each document that it cost, so that no list costs more than 30 reads a minute. */
const MS_PER_READ = 2 * SECOND_MS;
const LONGEST_MS = 120 * SECOND_MS;
const LIMIT_MS = 8 * SECOND_MS;
/** Lists that are kept: each filter and page is one. */
const MOST_LISTS = 100;
/** Of a filter that few records pass, so many records are read for one page. */
const MOST_READ = 200;

/** A page of jobs. */
export interface JobPage {
  rows: JobAnswer[];
  /** When the records were read; what backends say of them is newer. */
  readAt: Date;
  after: string | null;
  problems: Problem[];
}

/** Records of one page, and what was read below them. */
interface RecordPage {
  of: AskedRecords[];
  after: string | null;
  problems: Problem[];
}

/** Returns how to ask for a page of jobs; what two viewers ask alike is read once. */
export function keepJobLists(
  sources: readonly StatusSource[],
  judging: Judging,
  tally: Tally,
): (query: JobsQuery) => Keeper<JobPage> {
  const { clock } = judging;
  const lists = keepers<JobPage>(MOST_LISTS, (key) => {
    const query: JobsQuery = JSON.parse(key);
    const records = keep({
      lifeMs: (_: RecordPage, documents) => Math.min(LONGEST_MS, Math.max(LIFE_MS, documents * MS_PER_READ)),
      read: (_, cost) => readPage(sources, query, cost),
      clock,
      tally,
    });
    return keep<JobPage>({
      lifeMs: ({ rows }, documents) =>
        Math.max(rows.some(isLate) ? LATE_MS : LIFE_MS, documents * MS_PER_READ),
      read: async (_, cost) => {
        const kept = await records();
        if (kept.error !== null) throw new Error(kept.error);
        return rowsOf(kept, query, judging, cost);
      },
      clock,
      tally,
    });
  });
  return (query) => {
    // A wrong cursor is told before anything is read.
    placeOf(sources, query);
    return lists(JSON.stringify(query));
  };
}

function isLate({ backend }: JobAnswer): boolean {
  return backend.said === NO_ANSWER_YET;
}

async function readPage(
  sources: readonly StatusSource[],
  query: JobsQuery,
  tally: Tally,
): Promise<RecordPage> {
  const { source, state, project, stale, limit } = query;
  const options = { tally, signal: AbortSignal.timeout(LIMIT_MS) };
  const start = placeOf(sources, query);
  const states = state ? [state] : ACTIVE_STATES;
  // Whether anything is off is known only once the backend was asked, so such a page is as long as its records.
  const wanted = stale === 'true' ? MOST_READ : limit;
  const page: RecordPage = { of: [], after: null, problems: [] };
  let left = wanted;
  let mayRead = MOST_READ;
  for (const one of sources.slice(start.index)) {
    if (source !== undefined && one.store.name !== source) continue;
    const from =
      one === sources[start.index] && start.path !== null ? { path: start.path, value: null } : null;
    const found: AskedRecords = { source: one, seen: [], below: new Map() };
    page.of.push(found);
    try {
      const which = { after: from, most: Math.min(mayRead, project === undefined ? left + 1 : mayRead) };
      let reached = from?.path ?? '';
      let mayFollow = which.most;
      for await (const { seen, unreadable, read, last } of one.store.inStates(states, which, options)) {
        mayRead -= read;
        mayFollow -= read;
        reached = last.path;
        for (const { path, error } of unreadable)
          page.problems.push({ path, message: `Cannot read it: ${messageOf(error)}` });
        for (const job of seen) {
          if (project !== undefined && job.job.project !== project) continue;
          if (left === 0) {
            const before = found.seen.at(-1)?.path ?? from?.path ?? '';
            return { ...page, after: cursorOf(one.store.name, before) };
          }
          found.seen.push(job);
          left -= 1;
        }
      }
      // As many as were asked for, so more may follow: also where some of them are not shown.
      if (mayFollow <= 0) return { ...page, after: cursorOf(one.store.name, reached) };
    } catch (error) {
      page.problems.push({ path: one.store.name, message: `Cannot read its jobs: ${messageOf(error)}` });
    }
  }
  if (page.problems.length > 0 && page.of.every(({ seen }) => seen.length === 0))
    throw new Error(page.problems[0]?.message);
  return page;
}

async function rowsOf(
  { value: page, readAt }: Kept<RecordPage>,
  query: JobsQuery,
  judging: Judging,
  tally: Tally,
): Promise<JobPage> {
  const found = await Promise.all(page.of.map((records) => judged(records, judging, tally)));
  const rows = found.flatMap((one) => one.rows);
  return {
    rows: query.stale === 'true' ? rows.filter(isOff) : rows,
    readAt,
    after: page.after,
    problems: [...page.problems, ...found.flatMap(({ problems }) => problems)],
  };
}

/** Where a page begins. Throws InvalidRequest for a cursor that is none. */
function placeOf(
  sources: readonly StatusSource[],
  { after }: JobsQuery,
): { index: number; path: string | null } {
  const parts = partsOf(after, 2);
  if (!parts) return { index: 0, path: null };
  const [name, path = ''] = parts;
  const index = sources.findIndex(({ store }) => store.name === name);
  const store = sources[index]?.store;
  if (!store || !(path === '' || isIn(path, store.source))) throw wrongCursor();
  return { index, path: path === '' ? null : path };
}

/** Whether a record of a source can lie at `path`. */
function isIn(path: string, { collection, group }: Source): boolean {
  const parts = path.split('/');
  const parent = group ? parts.at(-2) : parts.slice(0, -1).join('/');
  return isPath(path) && parts.length % 2 === 0 && parent === collection;
}
