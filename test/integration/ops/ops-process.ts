import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Firestore } from '@google-cloud/firestore';
import { plainOf } from '../../../functions/shared/store/firestore.ts';
import { openTestFirestore } from '../../support/firestore.ts';
import { freshFile, freshFolder } from '../../support/folders.ts';

const MAIN = join(import.meta.dirname, '../../../scripts/ops/main.ts');

/** What a command left behind. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts `ops` as an operator does, in a process of its own that no running stack can reach. */
export function startOps(
  args: readonly string[],
  { env = {}, input = '' }: { env?: NodeJS.ProcessEnv; input?: string } = {},
): { child: ChildProcessByStdio<Writable, Readable, Readable>; ended: Promise<Ended> } {
  const { FIRESTORE_EMULATOR_HOST, PATH } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH, FIRESTORE_EMULATOR_HOST, NO_COLOR: '1', NIGHTSHIFT_STATE_DIR: freshFolder(), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const ended = Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { child, ended: ended.then(([stdout, stderr, code]) => ({ code, stdout, stderr })) };
}

/** Runs `ops` to its end. */
export async function ops(...args: Parameters<typeof startOps>): Promise<Ended> {
  return startOps(...args).ended;
}

/** A project of its own on the emulator, and `ops` talking to it. */
export function freshProject() {
  const { db, project, end } = openTestFirestore();
  return {
    project,
    db,
    ops: (
      args: readonly string[],
      { env = {}, input = '' }: { env?: NodeJS.ProcessEnv; input?: string } = {},
    ) => ops(args, { env: { GOOGLE_CLOUD_PROJECT: project, ...env }, input }),
    /** Every document of a collection, by id, times as Date. */
    async documents(collection: string, of: Firestore = db): Promise<Record<string, unknown>> {
      const { docs } = await of.collection(collection).get();
      return Object.fromEntries(docs.map((document) => [document.id, plainOf(document.data())]));
    },
    end,
  };
}

/** A settings file with these sources; returns its path. */
export function settingsFile(sources: Record<string, unknown>): string {
  return freshFile(
    'settings.json',
    JSON.stringify({ collectionPrefix: '', failuresBeforeAlarm: 3, sources }),
  );
}
