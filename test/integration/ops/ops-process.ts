import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Firestore } from '@google-cloud/firestore';

const MAIN = join(import.meta.dirname, '../../../scripts/ops/main.ts');

const ROOT = mkdtempSync(join(tmpdir(), 'nightshift-ops-'));
process.on('exit', () => rmSync(ROOT, { recursive: true, force: true }));

/** What a command left behind. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `ops` as an operator does, in a process of its own that no running stack can reach. */
export async function ops(
  args: readonly string[],
  { env = {}, input = '' }: { env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<Outcome> {
  const { FIRESTORE_EMULATOR_HOST, PATH } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH, FIRESTORE_EMULATOR_HOST, NO_COLOR: '1', NIGHTSHIFT_STATE_DIR: freshFolder(), ...env },
  });
  child.stdin.end(input);
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, stdout, stderr };
}

/** A project of its own on the emulator, and `ops` talking to it. */
export function freshProject() {
  if (!process.env.FIRESTORE_EMULATOR_HOST)
    throw new Error('No emulator. Run: node scripts/stack/with-emulator.ts node --test FILE');
  const project = `test-${randomUUID().slice(0, 13)}`;
  const db = new Firestore({ projectId: project });
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
      return Object.fromEntries(docs.map((document) => [document.id, plain(document.data())]));
    },
    end: () => db.terminate(),
  };
}

/** An empty folder that nobody else uses. */
export function freshFolder(): string {
  return mkdtempSync(join(ROOT, 'x'));
}

/** A new file of that name and content; returns its path. */
export function freshFile(name: string, content: string): string {
  const file = join(freshFolder(), name);
  writeFileSync(file, content);
  return file;
}

/** A settings file with these sources; returns its path. */
export function settingsFile(sources: Record<string, unknown>): string {
  return freshFile(
    'settings.json',
    JSON.stringify({ collectionPrefix: '', failuresBeforeAlarm: 3, sources }),
  );
}

function plain(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if ('toDate' in value && typeof value.toDate === 'function') return value.toDate();
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
