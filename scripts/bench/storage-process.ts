import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../shared/places.ts';
import { endProcess, spawnOwned } from '../shared/processes.ts';
import { BUCKET, PATH, PROJECT } from './emptied-bucket.ts';

/** As far away as another region, and a thousandth of a second for each call in a batch. */
const DISTANCE = { latencyMs: 30, batchCallMs: 1 };

/** A Cloud Storage in a process of its own, so that those who are measured against it do not pay for it. */
export interface StorageProcess {
  baseUrl: string;
  /** How many objects are left, 1,000 at most. */
  left(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts one whose bucket holds so many empty objects. */
export async function startStorage(objects: number): Promise<StorageProcess> {
  const world = {
    project: PROJECT,
    ...DISTANCE,
    buckets: [{ name: BUCKET, objects: { count: objects, prefix: PATH } }],
  };
  const main = join(ROOT, 'scripts/stack/stand-ins/gcs/main.ts');
  const child = spawnOwned(process.execPath, [main, JSON.stringify(world)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  if (!child.stdout) throw new Error('Cannot read the address of the storage: its output is not piped');
  const { value: baseUrl } = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
  if (!baseUrl) throw new Error('Cannot start the storage: it told no address');
  return {
    baseUrl,
    async left() {
      const answer = await fetch(`${baseUrl}/storage/v1/b/${BUCKET}/o?fields=items(name)`);
      const { items = [] } = (await answer.json()) as { items?: unknown[] };
      return items.length;
    },
    stop: () => endProcess(child),
  };
}
