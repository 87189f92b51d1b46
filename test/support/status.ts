import type { TestContext } from 'node:test';
import type { Firestore } from '@google-cloud/firestore';
import type { Clock } from '../../functions/shared/clock.ts';
import { addMs } from '../../functions/shared/dates.ts';
import { readEnvironment } from '../../functions/shared/environment.ts';
import type { ServiceAnswer } from '../../functions/shared/http/service-answer.ts';
import { createLog } from '../../functions/shared/log.ts';
import type { Source } from '../../functions/shared/model/job/source.ts';
import { loadSettings, type Settings } from '../../functions/shared/settings.ts';
import { collections as collectionsOf } from '../../functions/shared/store/own/collections.ts';
import { openStatus } from '../../functions/status/clients.ts';
import type { Assets } from '../../functions/status/page/assets.ts';
import { type StatusTools, statusAnswers } from '../../functions/status/read/answers.ts';
import type { Duty } from '../../functions/status/rules/task-answer.ts';
import { status } from '../../functions/status/service.ts';
import { freshFirestore } from './firestore.ts';

const SILENT = createLog({}, () => undefined);

/** A clock that a test moves on. */
export function handClock(begin: Date): Clock & { pass(ms: number): void } {
  let passedMs = 0;
  return {
    now: () => addMs(begin, passedMs),
    monotonicMs: () => passedMs,
    pass(ms) {
      passedMs += ms;
    },
  };
}

export interface StatusSetup {
  begin: Date;
  sources?: Record<string, Source>;
  db?: Firestore;
  /** The page's files; none unless a test loads the page. */
  assets?: () => Assets;
  /** What is opened, changed: a store that fails, a backend that hangs. */
  change?: (tools: StatusTools) => StatusTools;
}

/** The status service over a database of its own; only its clock is the test's. */
export function statusService(t: TestContext, setup: StatusSetup) {
  const db = setup.db ?? freshFirestore(t, { useBigInt: true, ignoreUndefinedProperties: true }).db;
  const environment = readEnvironment({});
  const settings: Settings = { ...loadSettings(environment), sources: setup.sources ?? {} };
  const collections = collectionsOf(db, '');
  const clock = handClock(setup.begin);
  const tally = { documents: 0 };
  const apiOf = () => {
    throw new Error('Only an HTTP endpoint is asked here');
  };
  const opened = { environment, settings, db, databaseOf: () => db, apiOf, collections, log: SILENT, clock };
  const tools = openStatus(opened, tally);
  const answers = statusAnswers(setup.change?.(tools) ?? tools);
  const handler = status(answers, { assets: setup.assets ?? (() => new Map()), clock });

  async function ask(
    url: string,
    headers: Record<string, string> = {},
    method: 'GET' | 'POST' = 'GET',
  ): Promise<ServiceAnswer> {
    const [path = '', query = ''] = url.split('?');
    const { signal } = new AbortController();
    return handler({ method, path, query: new URLSearchParams(query), headers, signal });
  }

  return {
    db,
    collections,
    clock,
    tally,
    handler,
    ask,
    /** The answer to `url`, which has to be 200, as JSON. */
    // biome-ignore lint/suspicious/noExplicitAny: each test knows what it asks for
    async json(url: string): Promise<any> {
      const answer = await ask(url);
      const body = JSON.parse(String(answer.body));
      if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${JSON.stringify(body)}`);
      return body;
    },
    /** How many documents `work` reads. */
    async reads(work: () => Promise<unknown>): Promise<number> {
      const before = tally.documents;
      await work();
      return tally.documents - before;
    },
  };
}

/** What a catalogue says of a daily task. */
export function duty(task: string): Duty {
  return {
    task,
    description: 'does its duty',
    enabled: true,
    schedule: '0 2 * * *',
    scheduleWords: 'At 02:00',
    startGraceSeconds: 900,
    maxRuntimeSeconds: 540,
    nextSlot: new Date('2026-03-04T02:00:00.000Z'),
  };
}
