import { type GetFilesOptions, Storage } from '@google-cloud/storage';
import { answersIn, BATCH_PATH, BATCH_SIZE, batchOf } from '../../functions/shared/cloud/storage/batch.ts';
import { cloudObjects } from '../../functions/shared/cloud/storage/objects.ts';
import { chunksOf } from '../../functions/shared/concurrency.ts';
import { createLog } from '../../functions/shared/log.ts';
import { BUCKET, PATH, PROJECT } from './emptied-bucket.ts';

/** Deletes all objects of the bucket, and tells how many those were. */
export type Deleter = (baseUrl: string) => Promise<number>;

const IN_FLIGHT = 256;
/** As many as ours has. */
const BATCHES_IN_FLIGHT = 16;
const LIMITS = { limitMs: 300_000 };

/** The ways to do it, by their names in the table. */
export const DELETERS: Record<string, Deleter> = {
  /** Whatever the bucket takes. */
  ours: (baseUrl) => ours(baseUrl, { rate: Number.POSITIVE_INFINITY }),

  /** As Google wants to be asked. */
  'ours-governed': (baseUrl) => ours(baseUrl),

  /** What the client has for it. */
  async deleteFiles(baseUrl) {
    const bucket = clientOf(baseUrl).bucket(BUCKET);
    const [files] = await bucket.getFiles({ prefix: PATH });
    await bucket.deleteFiles({ prefix: PATH });
    return files.length;
  },

  /** What people write with the client when that is too slow. */
  async 'client-256'(baseUrl) {
    const bucket = clientOf(baseUrl).bucket(BUCKET);
    const files = eachOf(async (query?: GetFilesOptions) => {
      const [items, next] = await bucket.getFiles({ prefix: PATH, ...query, autoPaginate: false });
      return { items, next: next ?? undefined };
    });
    return inParallel(IN_FLIGHT, files, async (file) => {
      // Not found is what a try finds after one whose answer was lost.
      await file.delete({ ifGenerationMatch: Number(file.metadata.generation), ignoreNotFound: true });
      return 1;
    });
  },

  /** The same requests as ours with nothing else: no retries, no checks. */
  async limit(baseUrl) {
    const address = `${baseUrl}/storage/v1/b/${BUCKET}/o`;
    const batches = eachOf(async (token?: string) => {
      const query = new URLSearchParams({ prefix: PATH, fields: 'items(name,generation),nextPageToken' });
      if (token) query.set('pageToken', token);
      const answer = await fetch(`${address}?${query}`);
      const page = (await answer.json()) as {
        items: { name: string; generation: string }[];
        nextPageToken?: string;
      };
      return { items: chunksOf(page.items, BATCH_SIZE), next: page.nextPageToken };
    });
    return inParallel(BATCHES_IN_FLIGHT, batches, async (batch) => {
      const { contentType, text: body } = batchOf(
        batch.map(({ name, generation }) => ({
          verb: 'DELETE',
          target: `/storage/v1/b/${BUCKET}/o/${encodeURIComponent(name)}?generation=${generation}&ifGenerationMatch=${generation}`,
        })),
      );
      const headers = { 'content-type': contentType };
      const answer = await fetch(`${baseUrl}${BATCH_PATH}`, { method: 'POST', headers, body });
      const { status } = answer;
      return answersIn({ status, headers: answer.headers, text: await answer.text() }).size;
    });
  },
};

/** Ours, which deletes two pages while it reads the next one. */
async function ours(baseUrl: string, pace?: { rate: number }): Promise<number> {
  const objects = cloudObjects({ project: PROJECT, baseUrl, log: createLog({}, () => {}) });
  const deletion = objects.deletion(pace);
  let deleted = 0;
  const pages: Promise<void>[] = [];
  await objects.list(
    { bucket: BUCKET, path: PATH },
    async (page) => {
      if (pages.length === 2) await pages.shift();
      const results = deletion.delete(BUCKET, page, LIMITS);
      pages.push(
        results.then((all) => {
          deleted += all.filter(({ result }) => result === 'deleted').length;
        }),
      );
    },
    LIMITS,
  );
  await Promise.all(pages);
  return deleted;
}

function clientOf(baseUrl: string): Storage {
  return new Storage({ projectId: PROJECT, apiEndpoint: baseUrl });
}

/** What is on all pages, each asked for while the one before is used. */
async function* eachOf<Item, Token>(
  pageAt: (token?: Token) => Promise<{ items: Item[]; next: Token | undefined }>,
): AsyncGenerator<Item> {
  let page: ReturnType<typeof pageAt> | undefined = pageAt();
  while (page) {
    const { items, next }: Awaited<typeof page> = await page;
    page = next === undefined ? undefined : pageAt(next);
    yield* items;
  }
}

/** The sum of what `work` says of each item, so many of them at once. */
async function inParallel<Item>(
  limit: number,
  items: AsyncGenerator<Item>,
  work: (item: Item) => Promise<number>,
): Promise<number> {
  let sum = 0;
  const worker = async () => {
    for await (const item of items) {
      const said = await work(item);
      sum += said;
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  return sum;
}
