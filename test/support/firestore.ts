import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import {
  type DocumentData,
  type DocumentReference,
  Firestore,
  type Settings,
  type WriteResult,
} from '@google-cloud/firestore';

/** The environment of a stack that uses the emulator of all tests: one of its own would take longer to start than they do. */
export const SHARED_EMULATOR = { FIRESTORE_EMULATOR_HOST: process.env.FIRESTORE_EMULATOR_HOST };

/**
 * An empty database in a project of its own on the emulator. `clear` deletes all that is in it; `end` closes the connection
 * as well.
 */
export function openTestFirestore(settings: Settings = {}) {
  const host = process.env.FIRESTORE_EMULATOR_HOST;
  if (!host)
    throw new Error(
      'Cannot open Firestore: FIRESTORE_EMULATOR_HOST is not set. Run: npm run test:only -- FILE',
    );
  const project = `test-${randomUUID()}`;
  const db = new Firestore({ projectId: project, ...settings });
  const clear = async () => {
    const documents = `http://${host}/emulator/v1/projects/${project}/databases/(default)/documents`;
    const response = await fetch(documents, { method: 'DELETE' });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`Cannot clear ${project}: HTTP ${response.status}`);
  };
  const end = async () => {
    await db.terminate();
    await clear();
  };
  return { db, project, clear, end };
}

/** An empty database, gone when the test ends. */
export function freshFirestore(t: TestContext, settings: Settings = {}): { db: Firestore; project: string } {
  const { db, project, end } = openTestFirestore(settings);
  t.after(end);
  return { db, project };
}

/** Databases of tests that ended, empty again. */
const lent: ReturnType<typeof openTestFirestore>[] = [];

/**
 * An empty database as of `freshFirestore`, but by a client that was another test's before: a new one and its connection
 * take longer than many a test. Only for tests that wait for all that they begin: nothing of theirs may come late.
 */
export function lentFirestore(t: TestContext): { db: Firestore; project: string } {
  const mine = lent.pop() ?? openTestFirestore();
  t.after(async () => {
    await mine.clear();
    lent.push(mine);
  });
  return mine;
}

/** Writes documents by their id into a collection, as fast as the emulator takes them. */
export async function writeDocuments(
  db: Firestore,
  collection: string,
  documents: Iterable<readonly [id: string, data: object]>,
): Promise<void> {
  const writer = db.bulkWriter({ throttling: false });
  const writes: Promise<WriteResult>[] = [];
  for (const [id, data] of documents) writes.push(writer.set(db.collection(collection).doc(id), data));
  await writer.close();
  await Promise.all(writes);
}

export interface StoredDocument {
  path: string;
  data: DocumentData;
}

/** All that a small database holds, below documents too. */
export async function documentsOf(db: Firestore): Promise<StoredDocument[]> {
  async function below(place: Firestore | DocumentReference): Promise<StoredDocument[]> {
    const collections = await place.listCollections();
    const found = await Promise.all(
      collections.map(async (collection) => {
        const { docs } = await collection.get();
        const deeper = await Promise.all(docs.map(({ ref }) => below(ref)));
        return [...docs.map((each) => ({ path: each.ref.path, data: each.data() })), ...deeper.flat()];
      }),
    );
    return found.flat();
  }
  return below(db);
}

/** Writes documents as they were stored in another database, at most 500. */
export async function restore(db: Firestore, documents: readonly StoredDocument[]): Promise<void> {
  const batch = db.batch();
  for (const { path, data } of documents) batch.set(db.doc(path), data);
  await batch.commit();
}

/** Copies into a database what another holds after `make`, which is done once for all tests that begin with it. */
export function copiesOf(
  make: (t: TestContext) => Promise<{ db: Firestore }>,
): (t: TestContext, db: Firestore) => Promise<void> {
  let made: Promise<StoredDocument[]> | undefined;
  return async (t, db) => {
    made ??= make(t).then((original) => documentsOf(original.db));
    await restore(db, await made);
  };
}

/** The database of a project as it is reached by `host`, whatever the environment says. */
export function firestoreAt(
  t: TestContext,
  host: string,
  projectId: string,
  settings: Record<string, unknown> = {},
): Firestore {
  // The environment comes before a host, but not before a host and a port.
  const [servicePath, port] = host.split(':');
  const db = new Firestore({
    projectId,
    host: servicePath as string,
    port: Number(port),
    ssl: false,
    ...settings,
  });
  t.after(() => db.terminate());
  return db;
}
