import type { TestContext } from 'node:test';
import type { Firestore } from '@google-cloud/firestore';
import { openChannel } from '../../functions/report/channel.ts';
import { type Identify, identifyAnybody } from '../../functions/report/identity.ts';
import { type ReportTools, report } from '../../functions/report/service.ts';
import { InvalidRequest } from '../../functions/shared/errors.ts';
import { readJobToken } from '../../functions/shared/job-tokens.ts';
import { createLog } from '../../functions/shared/log.ts';
import { type Source, sourceSchema } from '../../functions/shared/model/job/source.ts';
import {
  type ReportAnswer,
  type ReportResult,
  resultSchema,
} from '../../functions/shared/model/report/answer.ts';
import { isTransient } from '../../functions/shared/store/firestore/firestore.ts';
import { collections as collectionsOf } from '../../functions/shared/store/own/collections.ts';
import { reportChannelStore } from '../../functions/shared/store/own/report-channels.ts';
import { reportRecordStore } from '../../functions/shared/store/own/report-records.ts';
import { reportedJobStore } from '../../functions/shared/store/sources/reported-jobs.ts';
import { freshFirestore } from './firestore.ts';

const time = (path: string) => ({ path, type: 'timestamp' });

/** A source that takes reports from anybody, in words and fields of our own. */
export const REPORTED = {
  collection: 'jobs',
  fields: {
    project: 'project',
    status: 'status',
    error: 'error',
    createdAt: time('createdAt'),
    startedAt: time('startedAt'),
    heartbeatAt: time('heartbeatAt'),
    endedAt: time('endedAt'),
    updatedAt: time('updatedAt'),
  },
  statuses: {
    queued: 'queued',
    running: 'running',
    paused: 'suspended',
    completed: 'completed',
    failed: 'failed',
    cancelled: 'cancelled',
  },
  reports: { create: true },
};

export function reportedSource(over: Record<string, unknown> = {}): Source {
  return sourceSchema.parse({ ...REPORTED, ...over });
}

/** The key that signs job tokens here. */
export const KEY = 'a key that nobody can guess, or so we hope';

export interface ReporterSetup {
  source?: Source;
  /** Beside an emulator anybody is believed. */
  identify?: Identify;
  isOpen?: boolean;
  /** In place of a fresh database. */
  db?: Firestore;
  /** The database of the source, where that is not ours. */
  elsewhere?: Firestore;
  callMs?: number;
}

/** What was answered. */
export interface Posted {
  status: number;
  headers: Record<string, string>;
  body: ReportAnswer;
}

/** The settings by which functions/ opens Firestore. */
export const AS_DEPLOYED = { useBigInt: true, ignoreUndefinedProperties: true };

/** The service over a fresh database, at an instant that the test sets. */
export function reporter(t: TestContext, setup: ReporterSetup = {}) {
  const db = setup.db ?? freshFirestore(t, AS_DEPLOYED).db;
  const log = createLog({}, () => undefined);
  const collections = collectionsOf(db, '');
  const clock = { now: new Date('2026-11-28T12:00:00Z') };
  const isOpen = setup.isOpen ?? true;

  /** Another instance of the service, which holds nothing yet. */
  function instance() {
    const home = { db: setup.elsewhere ?? db, ours: !setup.elsewhere };
    const store = reportedJobStore('jobs', setup.source ?? reportedSource(), home, log);
    const channel = openChannel('jobs', reportChannelStore(collections, log), { isBounded: !isOpen, log });
    const tools: ReportTools = {
      sources: new Map([['jobs', { store, channel }]]),
      own: reportRecordStore(collections, log),
      identify: setup.identify ?? identifyAnybody,
      readToken: (token, now) => readJobToken(token, [KEY], now),
      isOpen,
      clock: { now: () => clock.now, monotonicMs: () => performance.now() },
      log,
      callMs: setup.callMs ?? 30_000,
      isAway: isTransient,
    };
    const handler = report(tools);
    return async (body: unknown, headers: Record<string, string> = {}): Promise<Posted> => {
      try {
        const answer = await handler({ body, headers, signal: new AbortController().signal });
        return {
          status: answer.status,
          headers: answer.headers ?? {},
          body: JSON.parse(String(answer.body)),
        };
      } catch (error) {
        if (!(error instanceof InvalidRequest)) throw error;
        return { status: 400, headers: {}, body: { problems: error.problems } as ReportAnswer };
      }
    };
  }

  const post = instance();
  const home = setup.elsewhere ?? db;
  return {
    db,
    clock,
    instance,
    post,
    /** Sends reports, and returns their results. */
    async send(reports: readonly object[], headers: Record<string, string> = {}): Promise<ReportResult[]> {
      const { body } = await post({ reports }, headers);
      return body.results.map((one) => resultSchema.parse(one).result);
    },
    /** The record of a job, times as Dates. */
    async job(id: string): Promise<Record<string, unknown> | undefined> {
      return datesIn((await home.doc(`jobs/${id}`).get()).data()) as Record<string, unknown> | undefined;
    },
    async document(path: string): Promise<Record<string, unknown> | undefined> {
      return datesIn((await home.doc(path).get()).data()) as Record<string, unknown> | undefined;
    },
  };
}

/** `value` with timestamps as Dates and integers as numbers. */
function datesIn(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(datesIn);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if ('toDate' in value && typeof value.toDate === 'function') return value.toDate();
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, datesIn(inner)]));
}
