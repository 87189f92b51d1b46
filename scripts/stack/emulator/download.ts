import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StackProblem } from '../../shared/problem.ts';
import type { Tell } from '../../shared/tell.ts';
import { type EmulatorJar, firebaseJar } from './jar.ts';

/** What is downloaded when no emulator is installed: the last version that runs on Java 17, as firebase-tools lists it. */
const PINNED = {
  version: '1.19.8',
  size: 63_634_791,
  sha256: '9d43599ed6151199e8d604dc87fac51218e49e5f3a48519b1ae560bbe5e3382d',
};
const BASE_URL = 'https://storage.googleapis.com/firebase-preview-drop/emulator';
const STALLED_MS = 30_000;

interface Download {
  env: NodeJS.ProcessEnv;
  tell: Tell;
  signal: AbortSignal;
  /** Where and what to download instead; for tests. */
  baseUrl?: string;
  pinned?: typeof PINNED;
}

/** The pinned emulator: from our cache when it is there whole, else downloaded, verified and kept for the next time. */
export async function downloadedJar({
  env,
  tell,
  signal,
  baseUrl = BASE_URL,
  pinned = PINNED,
}: Download): Promise<EmulatorJar> {
  const folder = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nightshift');
  const name = `cloud-firestore-emulator-v${pinned.version}.jar`;
  const file = join(folder, name);
  const jar = firebaseJar(file, `Firestore emulator ${pinned.version}, downloaded`);
  if (existsSync(file) && statSync(file).size === pinned.size && (await sha256Of(file)) === pinned.sha256)
    return jar;

  // A name of our own until it is whole: two stacks may download at once, and either may be interrupted.
  const part = `${file}.${process.pid}.part`;
  await mkdir(folder, { recursive: true });
  try {
    const sha256 = await download(`${baseUrl}/${name}`, part, pinned, tell, signal);
    if (sha256 !== pinned.sha256) throw new Error(`its SHA-256 is ${sha256}, expected ${pinned.sha256}`);
    await rename(part, file);
    return jar;
  } catch (error) {
    signal.throwIfAborted();
    throw new StackProblem(
      `Cannot find a Firestore emulator on this machine, nor download ${baseUrl}/${name}: ${reason(error)}. ` +
        'Run: gcloud components install cloud-firestore-emulator',
    );
  } finally {
    await rm(part, { force: true });
  }
}

async function download(
  url: string,
  part: string,
  pinned: typeof PINNED,
  tell: Tell,
  signal: AbortSignal,
): Promise<string> {
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(new Error(`no data for ${STALLED_MS / 1000} s`)), STALLED_MS);
  try {
    const either = AbortSignal.any([signal, stalled.signal]);
    const response = await fetch(url, { signal: either });
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
    const hash = createHash('sha256');
    let received = 0;
    const watch = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        timer.refresh();
        hash.update(chunk);
        received += chunk.length;
        const fraction = received / pinned.size;
        tell.progress(
          `downloading the Firestore emulator ${pinned.version}: ${megabytes(received)} of ${megabytes(pinned.size)} MB`,
          fraction,
        );
        done(fraction > 1 ? new Error(`it is longer than the expected ${pinned.size} bytes`) : null, chunk);
      },
    });
    await pipeline(
      Readable.fromWeb(response.body as import('node:stream/web').ReadableStream),
      watch,
      createWriteStream(part),
      { signal: either },
    );
    return hash.digest('hex');
  } finally {
    clearTimeout(timer);
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // fetch says only "fetch failed"; what failed is its cause.
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
