import {
  DocumentReference,
  type DocumentSnapshot,
  Firestore,
  type Query,
  type QueryDocumentSnapshot,
  Timestamp,
} from '@google-cloud/firestore';
import type { z } from 'zod';
import { withDeadline } from '../../concurrency.ts';
import { SECOND_MS } from '../../dates.ts';
import type { Environment } from '../../environment.ts';
import { DeadlineExceeded } from '../../errors.ts';
import type { Log } from '../../log.ts';

/** gRPC status codes that decide something here. */
export const NOT_FOUND = 5;
export const ALREADY_EXISTS = 6;
export const FAILED_PRECONDITION = 9;
export const ABORTED = 10;
const UNKNOWN = 2;
/** PERMISSION_DENIED, UNAUTHENTICATED. */
const DENIED = [7, 16];
/** CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE. */
const TRANSIENT = [1, UNKNOWN, 4, 8, ABORTED, 13, 14];

/** A disjunction (`in`, `array-contains-any`) takes this many values. */
export const VALUES_PER_QUERY = 30;

/** Opens a database: Nightshift's own unless another project or database is named. */
export function openFirestore(environment: Environment, other: Elsewhere = {}): Firestore {
  return new Firestore({
    projectId: other.googleProject ?? environment.GOOGLE_CLOUD_PROJECT,
    databaseId: other.database ?? environment.FIRESTORE_DATABASE,
    // An undefined in a task's summary must not cost the record of its run.
    ignoreUndefinedProperties: true,
    // An identifier of 19 digits would be rounded to another one.
    useBigInt: true,
    // By default a channel waits up to two minutes before it looks again whether a server is back.
    'grpc.initial_reconnect_backoff_ms': SECOND_MS / 4,
    'grpc.max_reconnect_backoff_ms': 2 * SECOND_MS,
  });
}

/** Where a database is, when not in Nightshift's own project or not its own. */
export interface Elsewhere {
  googleProject?: string | undefined;
  database?: string | undefined;
}

/** Opens databases, each once however often it is named: a transaction sees only what its own client reads. */
export function databases(environment: Environment): (where?: Elsewhere) => Firestore {
  const open = new Map<string, Firestore>();
  return ({ googleProject, database } = {}) => {
    const projectId = googleProject ?? environment.GOOGLE_CLOUD_PROJECT;
    const databaseId = database ?? environment.FIRESTORE_DATABASE;
    const name = `projects/${projectId}/databases/${databaseId}`;
    const db = open.get(name) ?? openFirestore(environment, { googleProject, database });
    open.set(name, db);
    return db;
  };
}

/** Whether the same call may well succeed a moment later: the server or the way there, not the call, was at fault. */
export function isTransient(error: unknown): boolean {
  return error instanceof DeadlineExceeded || TRANSIENT.includes(grpcCode(error) ?? -1);
}

/**
 * Whether a write failed for what would fail every other as well: the way to Firestore, or a right that is missing. UNKNOWN may
 * be either, for the client has no other code for what it cannot encode.
 */
export function isOfEveryWrite(error: unknown): boolean {
  const code = grpcCode(error) ?? -1;
  if (code === UNKNOWN) return false;
  return DENIED.includes(code) || isTransient(error) || (error instanceof Error && isTransient(error.cause));
}

/** The gRPC status code of a Firestore error; `undefined` for any other error. */
export function grpcCode(error: unknown): number | undefined {
  const code = error !== null && typeof error === 'object' ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'number' ? code : undefined;
}

/**
 * A Firestore call with a deadline of ours (the client waits 40 s and more for a server that is gone and takes no
 * signal) and one log line at its end. Rejects with DeadlineExceeded naming `operation`.
 */
export async function withTimeout<T>(
  log: Log,
  operation: string,
  limitMs: number,
  call: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const started = performance.now();
  const end = (status: string) =>
    log.debug(`firestore: ${operation}`, {
      api: 'firestore',
      operation,
      status,
      ms: Math.round(performance.now() - started),
    });
  try {
    const result = await withDeadline(call, limitMs, operation, {
      signal,
      onLate: (error) =>
        log.debug(`firestore: ${operation} failed after it was given up on: ${String(error)}`),
    });
    end('ok');
    return result;
  } catch (error) {
    end(error instanceof DeadlineExceeded ? 'deadline' : String(grpcCode(error) ?? error));
    throw error;
  }
}

/**
 * Streams a query to `onDocument`, so that only what the caller keeps is ever in memory. Returns the documents billed:
 * those read, at least one. Rejects with DeadlineExceeded or the signal's reason, and stops the stream then.
 */
export async function streamQuery(
  log: Log,
  operation: string,
  limitMs: number,
  query: Query,
  onDocument: (document: QueryDocumentSnapshot) => void,
  signal?: AbortSignal,
): Promise<number> {
  const stream = query.stream() as NodeJS.ReadableStream & { destroy(): void };
  let documents = 0;
  const whole = (async () => {
    for await (const document of stream as AsyncIterable<unknown>) {
      documents += 1;
      onDocument(document as QueryDocumentSnapshot);
    }
  })();
  try {
    await withTimeout(log, operation, limitMs, whole, signal);
  } finally {
    stream.destroy();
  }
  return Math.max(1, documents);
}

/**
 * Streams a query as pages of at most `size` documents, as they arrive: what is done with one holds back the others.
 * Rejects with the signal's reason, and with DeadlineExceeded when a page takes longer than `limitMs`, once what had
 * arrived of it was handed over.
 */
export async function* streamPages(
  log: Log,
  operation: string,
  limitMs: number,
  query: Query,
  size: number,
  signal?: AbortSignal,
): AsyncGenerator<QueryDocumentSnapshot[]> {
  const stream = query.stream() as NodeJS.ReadableStream;
  let page: QueryDocumentSnapshot[] = [];
  let isOver = false;
  let failure: unknown;
  let wake = () => {};
  const fill = () =>
    new Promise<void>((resolve, reject) => {
      wake = () => (failure === undefined ? resolve() : reject(failure));
      if (failure === undefined) stream.resume();
      else wake();
    });
  // Not `for await`, which costs several promises a document.
  const take = (document: unknown) => {
    page.push(document as QueryDocumentSnapshot);
    if (page.length < size) return;
    stream.pause();
    wake();
  };
  const handOver = () => {
    const full = page;
    page = [];
    return full;
  };
  stream.on('data', take).pause();
  stream.on('end', () => {
    isOver = true;
    wake();
  });
  stream.on('error', (error) => {
    failure = error;
    wake();
  });
  try {
    while (!isOver) {
      try {
        await withTimeout(log, operation, limitMs, fill(), signal);
      } catch (error) {
        if (error instanceof DeadlineExceeded && page.length > 0) yield handOver();
        throw error;
      }
      if (page.length > 0) yield handOver();
    }
  } finally {
    // The client cannot cancel a query, and one that is not read to its end would keep its connection for ever.
    stream.off('data', take).resume();
  }
}

/** The document parsed by `schema`, its values plain. Throws naming the document when it has another shape. */
export function decode<T>(schema: z.ZodType<T>, snapshot: DocumentSnapshot): T {
  const parsed = schema.safeParse(plainOf(snapshot.data()));
  if (parsed.success) return parsed.data;
  throw new TypeError(`Cannot read ${snapshot.ref.path}: ${parsed.error.message}`, { cause: parsed.error });
}

/**
 * `value` with every timestamp in it as Date and every integer as number, where that is exact; beyond 2^53 it stays a
 * bigint. A timestamp is cut off below the millisecond: `toDate` rounds, and a query that compares what is stored does not.
 * A reference becomes the path of the document that it names.
 */
export function plainOf(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value instanceof Timestamp)
    return new Date(value.seconds * SECOND_MS + Math.floor(value.nanoseconds / 1e6));
  if (value instanceof DocumentReference) return value.path;
  if (Array.isArray(value)) return value.map(plainOf);
  if (isMap(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainOf(inner)]));
  return value;
}

/** Whether a value of a document is a map, and none of the types that Firestore has beside it. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** How many records a query finds. */
export async function countDocuments(query: Query): Promise<number> {
  return Number((await query.count().get()).data().count);
}

/** Whether a commit failed because of what the records are, not because of the way there. */
export function isConflict(error: unknown): boolean {
  return [ALREADY_EXISTS, FAILED_PRECONDITION, NOT_FOUND, ABORTED].includes(grpcCode(error) ?? -1);
}
