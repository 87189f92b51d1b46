import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { DeadlineExceeded } from '../../../functions/shared/errors.ts';
import { createLog } from '../../../functions/shared/log.ts';
import { activeJobStore } from '../../../functions/shared/store/sources/active-jobs.ts';
import { firestoreAt, freshFirestore, writeDocuments } from '../../support/firestore.ts';
import { beating } from '../../support/sweeper.ts';
import { startProxy } from '../../support/tcp-proxy.ts';

const SILENT = createLog({}, () => undefined);
/** So many that what is left after a page fills no buffer on the way. */
const JOBS = 1_500;
const LIMIT_MS = 1_500;

/** More than the client takes at once, read through a connection that can be held up. */
async function slowStore(t: TestContext) {
  const { db, project } = freshFirestore(t);
  const error = 'x'.repeat(1_000);
  const heartbeatAt = new Date(Date.now() - 3_600_000);
  const jobs = Array.from({ length: JOBS }, (_, index): [string, object] => [
    `job-${String(index).padStart(4, '0')}`,
    { status: 'running', startedAt: heartbeatAt, heartbeatAt, error },
  ]);
  await writeDocuments(db, 'jobs', jobs);
  const proxy = await startProxy(process.env.FIRESTORE_EMULATOR_HOST ?? '');
  t.after(proxy.resume);
  const slow = firestoreAt(t, proxy.host, project, { 'grpc-node.flow_control_window': 65_536 });
  t.after(() => proxy.stop());
  const store = activeJobStore('jobs', beating(), { db: slow, ours: true }, SILENT);
  const [silent] = store.staleQueries(new Date());
  assert.ok(silent);
  const tally = { documents: 0 };
  const pages = () => store.pages(silent, { after: null, most: 25_000 }, { tally, limitMs: LIMIT_MS });
  return { proxy, pages, tally, paths: jobs.map(([id]) => `jobs/${id}`) };
}

describe('a query that takes too long', { concurrency: 2 }, () => {
  test('goes on where it stopped: every record is read once', async (t) => {
    const { proxy, pages, tally, paths } = await slowStore(t);
    const read: string[] = [];
    for await (const { seen } of pages()) {
      if (read.length === 0) {
        // Longer than a page may take, and not as long as two may.
        proxy.freeze();
        setTimeout(proxy.resume, LIMIT_MS * 1.3);
      }
      read.push(...seen.map(({ path }) => path));
    }
    assert.deepEqual(read, paths);
    assert.equal(tally.documents, JOBS);
  });

  test('is given up where it does not get on at all', async (t) => {
    const { proxy, pages } = await slowStore(t);
    let read = 0;
    await assert.rejects(async () => {
      for await (const { seen } of pages()) {
        if (read === 0) proxy.freeze();
        read += seen.length;
      }
    }, DeadlineExceeded);
    assert.ok(read >= 500 && read < JOBS, String(read));
  });
});
