import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Query } from '@google-cloud/firestore';
import { DeadlineExceeded } from '../../../../functions/shared/errors.ts';
import { createLog } from '../../../../functions/shared/log.ts';
import { streamPages } from '../../../../functions/shared/store/firestore/firestore.ts';

const SILENT = createLog({}, () => undefined);

/** A query whose documents are what `stream` gives. */
const queryOf = (stream: Readable) => ({ stream: () => stream }) as unknown as Query;
const pagesOf = (
  stream: Readable,
  { limitMs = 5_000, signal }: { limitMs?: number; signal?: AbortSignal } = {},
) => streamPages(SILENT, 'a query', limitMs, queryOf(stream), 3, signal) as AsyncGenerator<unknown[]>;
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('streamPages()', () => {
  test('hands over every document once, in order, in pages of that size', async () => {
    for (const count of [0, 1, 3, 7, 40]) {
      const pages: unknown[][] = [];
      for await (const page of pagesOf(Readable.from(numbers(count)))) pages.push(page);
      assert.deepEqual(pages.flat(), numbers(count));
      assert.deepEqual(
        pages.map(({ length }) => length),
        [...numbers(Math.floor(count / 3)).map(() => 3), ...(count % 3 > 0 ? [count % 3] : [])],
      );
    }
  });

  test('reads no further while a page is worked on', async () => {
    let made = 0;
    const endless = new Readable({
      objectMode: true,
      highWaterMark: 2,
      read() {
        made += 1;
        this.push(made);
      },
    });
    const pages = pagesOf(endless);
    await pages.next();
    await sleep(20);
    assert.ok(made <= 3 + 2 * 2, `${made} were read`);
    endless.destroy();
    await pages.return(undefined);
  });

  test('reads a stream that is left to its end, for nobody could cancel it', async () => {
    const stream = Readable.from(numbers(100));
    const ended = new Promise((resolve) => stream.once('end', resolve));
    for await (const _ of pagesOf(stream)) break;
    await ended;
  });

  test('rejects with what broke the stream, after what had come before', async () => {
    async function* broken() {
      yield* numbers(3);
      throw new Error('14 UNAVAILABLE: gone');
    }
    const taken: unknown[] = [];
    await assert.rejects(
      async () => {
        for await (const page of pagesOf(Readable.from(broken()))) taken.push(...page);
      },
      { message: '14 UNAVAILABLE: gone' },
    );
    assert.deepEqual(taken, [0, 1, 2]);
  });

  test('gives up a page that takes too long, once what came of it is handed over', async () => {
    const hung = new Readable({ objectMode: true, read: () => undefined });
    for (const number of numbers(4)) hung.push(number);
    const taken: unknown[] = [];
    await assert.rejects(async () => {
      for await (const page of pagesOf(hung, { limitMs: 30 })) taken.push(page);
    }, DeadlineExceeded);
    assert.deepEqual(taken, [[0, 1, 2], [3]]);
  });

  test('rejects with the reason of the signal', async () => {
    const hung = new Readable({ objectMode: true, read: () => undefined });
    const stop = new AbortController();
    const next = pagesOf(hung, { signal: stop.signal }).next();
    stop.abort(new Error('enough'));
    await assert.rejects(next, { message: 'enough' });
  });
});
