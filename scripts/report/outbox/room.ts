import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord, replaceRecord } from './files.ts';
import { executionsIn, readFolder, removeFolder } from './folder.ts';
import { isoOf } from './iso.ts';

/** How much an outbox may hold: what a service that is away for weeks leaves behind must never fill a disk. */
const MOST_EXECUTIONS = 10_000;
const MOST_BYTES = 64 * 1_024 * 1_024;

interface Size {
  bytes: number;
  executions: number;
  at: string;
}

/** Why another execution has no room in the outbox; `undefined` when it has. Asked before a job starts, so it is quick. */
export function whyFull(outbox: string): string | undefined {
  if (executionsIn(outbox).length >= MOST_EXECUTIONS) return `${MOST_EXECUTIONS} executions wait already`;
  const size = readRecord<Size>(join(outbox, 'size.json'));
  return size.kind === 'value' && size.value.bytes >= MOST_BYTES
    ? `${MOST_BYTES} bytes wait already`
    : undefined;
}

/**
 * Measures the outbox for who comes next; where it is too large, removes open executions of which all is delivered, oldest
 * first. What nobody has acknowledged is kept: rather does the next execution live in memory.
 */
export function makeRoom(outbox: string): void {
  const executions = executionsIn(outbox);
  const sizes = new Map(executions.map((id) => [id, bytesIn(join(outbox, id))]));
  let bytes = bytesIn(join(outbox, 'rejected')) + [...sizes.values()].reduce((sum, size) => sum + size, 0);
  for (const id of executions) {
    if (bytes < MOST_BYTES && sizes.size < MOST_EXECUTIONS) break;
    const { now, end, sent } = readFolder(join(outbox, id));
    const isDelivered =
      end.kind === 'absent' &&
      now.kind === 'value' &&
      sent.kind === 'value' &&
      sent.value.seq >= now.value.seq;
    if (!isDelivered) continue;
    removeFolder(join(outbox, id));
    bytes -= sizes.get(id) ?? 0;
    sizes.delete(id);
  }
  replaceRecord(outbox, 'size.json', { bytes, executions: sizes.size, at: isoOf(Date.now()) }, false);
}

function bytesIn(dir: string): number {
  let bytes = 0;
  try {
    for (const entry of readdirSync(dir, { withFileTypes: true, recursive: true }))
      if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  } catch {
    // Somebody removes it just now.
  }
  return bytes;
}
