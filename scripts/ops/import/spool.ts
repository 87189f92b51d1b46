import { type FileHandle, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TIME_FIELDS } from '../../../functions/shared/model/job/source.ts';
import { OpsProblem } from '../shared/problem.ts';
import type { ParsedRow } from './rules/record.ts';

/**
 * Rows by id in bounded memory, however many there are: each goes into one of many parts by its id, what is too much goes
 * to a temporary file, and one part at a time is read back. No other place sees all rows of an id together.
 */

const PARTS = 256;
/** Characters in memory before they go to the file. */
const MOST_BUFFERED = 32 * 1024 * 1024;

interface Block {
  offset: number;
  length: number;
}

/** Rows, to be read back by the id of their job. */
export interface Spool {
  add(row: ParsedRow): Promise<void>;

  /** Yields the rows of each id together, in the order of the file; the ids come in no certain order. */
  jobs(): AsyncGenerator<ParsedRow[]>;

  /** Removes what was written. */
  close(): Promise<void>;
}

/** Opens an empty spool. */
export function openSpool(mostBuffered: number = MOST_BUFFERED): Spool {
  const buffers = Array.from({ length: PARTS }, (): string[] => []);
  const blocks = Array.from({ length: PARTS }, (): Block[] => []);
  let buffered = 0;
  let file: FileHandle | undefined;
  let size = 0;

  async function spill(): Promise<void> {
    file ??= await openTemporary();
    for (const [part, rows] of buffers.entries()) {
      if (rows.length === 0) continue;
      const bytes = Buffer.from(rows.join('\n'));
      await file.appendFile(bytes);
      blocks[part]?.push({ offset: size, length: bytes.length });
      size += bytes.length;
      rows.length = 0;
    }
    buffered = 0;
  }

  async function partOf(part: number): Promise<string[]> {
    const rows: string[][] = [];
    for (const { offset, length } of blocks[part] ?? []) {
      const bytes = Buffer.alloc(length);
      await file?.read(bytes, 0, length, offset);
      rows.push(bytes.toString('utf8').split('\n'));
    }
    return [...rows, buffers[part] ?? []].flat();
  }

  return {
    async add(row) {
      const text = JSON.stringify(row);
      buffers[hash(row.id) % PARTS]?.push(text);
      buffered += text.length;
      if (buffered > mostBuffered) await spill();
    },

    async *jobs() {
      for (let part = 0; part < PARTS; part += 1) {
        const rows = (await partOf(part)).map(revive);
        yield* Map.groupBy(rows, ({ id }) => id).values();
      }
    },

    async close() {
      await file?.close();
    },
  };
}

/** Opens a file that is gone when it is closed, however the process ends. */
async function openTemporary(): Promise<FileHandle> {
  const path = join(tmpdir(), `nightshift-import-${process.pid}-${Date.now()}`);
  try {
    const file = await open(path, 'ax+', 0o600);
    await rm(path);
    return file;
  } catch (error) {
    throw new OpsProblem(`Cannot keep rows in ${tmpdir()}: ${String(error)}. TMPDIR names another place`);
  }
}

function revive(stored: string): ParsedRow {
  const row = JSON.parse(stored) as ParsedRow;
  for (const field of TIME_FIELDS) {
    const text = row.values[field];
    if (typeof text === 'string') row.values[field] = new Date(text);
  }
  return row;
}

function hash(id: string): number {
  let value = 0;
  for (let index = 0; index < id.length; index += 1)
    value = (Math.imul(value, 31) + id.charCodeAt(index)) >>> 0;
  return value;
}
