import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { randomName } from './execution-id.ts';
import { decodeLine, encodeLine } from './line.ts';

/** What stands in a file of the outbox. Unreadable is not absent: such a file is told and left alone. */
export type Found<T> = { kind: 'value'; value: T } | { kind: 'absent' } | { kind: 'unreadable'; why: string };

/** Reads one file; blanks alone are a room that nobody has used yet. */
export function readRecord<T extends object>(file: string): Found<T> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? { kind: 'absent' }
      : { kind: 'unreadable', why: code ?? 'no access' };
  }
  if (/^ *$/.test(text)) return { kind: 'absent' };
  const value = decodeLine(text) as T | undefined;
  return value ? { kind: 'value', value } : { kind: 'unreadable', why: 'it is torn or of another version' };
}

/** Puts `value` in place of what `dir/name` held, whole or not at all. */
export function replaceRecord(dir: string, name: string, value: object, durable: boolean): void {
  const temporary = join(dir, `.tmp-${randomName()}`);
  try {
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      writeWhole(fd, encodeLine(value));
      if (durable) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, join(dir, name));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (durable) syncFolder(dir);
}

/** Writes all of `text` from the position `at` on, or throws. */
export function writeWhole(fd: number, text: string, at = 0): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; )
    done += writeSync(fd, bytes, done, bytes.length - done, at + done);
}

/** Makes the names in a folder durable. File systems in user space, such as Cloud Storage's, need and know no such thing. */
export function syncFolder(dir: string): void {
  try {
    const fd = openSync(dir, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!['EINVAL', 'ENOTSUP', 'ENOSYS', 'EACCES', 'EISDIR', 'EBADF'].includes(code ?? '')) throw error;
  }
}
