import type { TestContext } from 'node:test';
import { Storage } from '@google-cloud/storage';
import { type Gcs, type GcsOptions, startGcs } from '../../scripts/stack/stand-ins/gcs/server.ts';
import { emptyGcs, type GcsWorld } from '../../scripts/stack/stand-ins/gcs/world.ts';
import { PROJECT } from './google.ts';

/** Cloud Storage over `world`, gone when the test is over. */
export async function gcsOf(context: TestContext, world: GcsWorld, options?: GcsOptions): Promise<Gcs> {
  const gcs = await startGcs(world, options);
  context.after(() => gcs.stop());
  return gcs;
}

/** A clock that stands still until it is moved. */
export function handClock(start = new Date('2026-03-10T12:00:00Z')) {
  let ms = start.getTime();
  return {
    now: () => ms,
    pass: (seconds: number) => {
      ms += seconds * 1_000;
    },
  };
}

/** An empty project whose time stands still, its stand-in, and Google's own client for it. */
export async function setupGcs(context: TestContext, options?: GcsOptions) {
  const clock = handClock();
  const world = emptyGcs(PROJECT, clock.now);
  const gcs = await gcsOf(context, world, options);
  return { clock, world, gcs, storage: clientOf(gcs) };
}

/** Google's own client; it tries nothing twice, so that a test sees every answer. */
export function clientOf({ baseUrl }: Gcs): Storage {
  return new Storage({ projectId: PROJECT, apiEndpoint: baseUrl, retryOptions: { autoRetry: false } });
}

/** What Google's client rejects with: the HTTP status, the reason and the words. */
export async function refusalOf(promise: Promise<unknown>) {
  try {
    await promise;
  } catch (error) {
    const { code, errors, message } = error as {
      code: number;
      errors?: { reason: string }[];
      message: string;
    };
    return { code, reason: errors?.[0]?.reason, message };
  }
  throw new Error('Cannot take the refusal: the promise was fulfilled');
}

/** Sends a batch as the documentation shows it, and takes its answer apart. */
export async function sendBatch({ baseUrl }: Gcs, calls: readonly string[]) {
  const parts = calls.map((call, index) =>
    ['--limit', 'Content-Type: application/http', `Content-ID: <call+${index + 1}>`, '', call, '', ''].join(
      '\r\n',
    ),
  );
  const answer = await fetch(`${baseUrl}/batch/storage/v1`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/mixed; boundary=limit' },
    body: `${parts.join('')}--limit--\r\n`,
  });
  const [, boundary = ''] = /boundary=(.*)$/.exec(answer.headers.get('content-type') ?? '') ?? [];
  const text = await answer.text();
  const answers = text.split(`--${boundary}`).slice(1, -1);
  return {
    status: answer.status,
    text,
    answers: answers.map((part) => ({
      id: /^Content-ID: (.*)$/m.exec(part)?.[1]?.trim(),
      status: Number(/^HTTP\/1\.1 (\d+)/m.exec(part)?.[1]),
      body: part.split('\r\n\r\n').slice(2).join('').trim(),
    })),
  };
}

/** The line of a call in a batch that deletes an object. */
export function deletion(bucket: string, name: string, query = ''): string {
  return `DELETE /storage/v1/b/${bucket}/o/${encodeURIComponent(name)}${query && `?${query}`} HTTP/1.1`;
}
