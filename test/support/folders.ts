import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ALL = mkdtempSync(join(tmpdir(), 'nightshift-test-'));
process.on('exit', () => rmSync(ALL, { recursive: true, force: true }));

/** An empty folder that nobody else uses; gone when this process ends. */
export function freshFolder(): string {
  return mkdtempSync(join(ALL, 'x'));
}

/** A new file of that name and content in a folder of its own; returns its path. */
export function freshFile(name: string, content: string): string {
  const file = join(freshFolder(), name);
  writeFileSync(file, content);
  return file;
}
