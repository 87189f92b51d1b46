import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, write } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reasonOf, tell } from '../tell.ts';
import { redacted } from './redact.ts';

/** Copies the child's standard error to ours, and keeps the end of it. */
export interface Tee {
  /** The end that the child gets. */
  fd: number;
  /** Begins to copy, once the child has its end. */
  begin(): Promise<void>;
  /** Resolves when everybody who held the other end has let go of it, and all is copied. */
  drained: Promise<void>;
  /** Whether bytes wait for who reads our standard error. */
  isWriting(): boolean;
  /** The last words, without what must not be told. */
  words(): string;
}

const CHUNK_BYTES = 65_536;
/** A report carries this much of an error. */
const MOST_ERROR_BYTES = 2_000;

/**
 * A pipe for the child, or `undefined`, told, where none can be made. A real one: what Node calls a pipe is a socket,
 * and a child that opens /dev/stderr by its name would fail at it.
 */
export function makeTee(bytes: number): Tee | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'nightshift-tail-'));
  try {
    const fifo = join(dir, 'stderr');
    const made = spawnSync('mkfifo', ['-m', '600', fifo], { stdio: 'ignore' });
    if (made.status !== 0) throw made.error ?? new Error('mkfifo failed');
    const from = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    return teeOf(from, openSync(fifo, 'w'), bytes);
  } catch (error) {
    tell(`cannot keep the tail of standard error: ${reasonOf(error)}`);
    return undefined;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function teeOf(from: number, fd: number, bytes: number): Tee {
  const { promise: drained, resolve } = Promise.withResolvers<void>();
  const tail = tailOf(bytes);
  let isWriting = false;
  return {
    fd,
    drained,
    isWriting: () => isWriting,
    words: () => lastWords(tail.bytes(), tail.isCut()),
    async begin() {
      closeSync(fd);
      const { Socket } = await import('node:net');
      // One buffer for all that comes: a chunk is copied before the next one is read.
      const onread = {
        buffer: Buffer.allocUnsafe(CHUNK_BYTES),
        callback(length: number, buffer: Uint8Array) {
          const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, length);
          tail.add(chunk);
          isWriting = true;
          copy(chunk, (error) => {
            isWriting = false;
            // Nobody reads ours any more: so shall the child find it.
            if (error) source.destroy();
            else source.resume();
          });
          return false;
        },
      };
      const source = new Socket({ fd: from, readable: true, writable: false, onread });
      source.resume();
      source.on('error', () => source.destroy());
      source.on('close', () => resolve());
    },
  };
}

/** Writes all of `chunk` to standard error; the next one is not read before. */
function copy(chunk: Buffer, done: (error?: Error) => void): void {
  write(2, chunk, (error, written) => {
    if (error?.code === 'EAGAIN') setTimeout(copy, 5, chunk, done);
    else if (error) done(error);
    else if (written < chunk.length) copy(chunk.subarray(written), done);
    else done();
  });
}

/** The last `most` bytes of all that was added. */
function tailOf(most: number): { add(chunk: Buffer): void; bytes(): Buffer; isCut(): boolean } {
  let kept: Buffer = Buffer.alloc(0);
  let isCut = false;
  return {
    add(chunk) {
      isCut ||= kept.length + chunk.length > most;
      kept = Buffer.concat([kept, chunk.subarray(-most)]).subarray(-most);
    },
    bytes: () => kept,
    isCut: () => isCut,
  };
}

/** Whole lines alone, where there are any: half a token does not look like one. */
export function lastWords(bytes: Buffer, isCut: boolean): string {
  const text = bytes.toString();
  const whole = isCut && text.includes('\n') ? text.slice(text.indexOf('\n') + 1) : text;
  const clean = Buffer.from(redacted(whole).trim());
  return clean
    .subarray(-MOST_ERROR_BYTES)
    .toString()
    .replace(/^\uFFFD+/, '');
}
