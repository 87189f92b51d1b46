import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type Ended, type Given, operatorEnv } from '../../support/ops.ts';

const MAIN = join(import.meta.dirname, '../../../scripts/ops/main.ts');

/** Starts `ops` as an operator does, in a process of its own. */
export function startOps(
  args: readonly string[],
  { env = {}, input = '' }: Omit<Given, 'signal'> = {},
): { child: ChildProcessByStdio<Writable, Readable, Readable>; ended: Promise<Ended> } {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: operatorEnv({ PATH, NODE_COMPILE_CACHE, ...env }),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const ended = Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { child, ended: ended.then(([stdout, stderr, code]) => ({ code, stdout, stderr })) };
}
