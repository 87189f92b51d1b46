import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, type Reply } from '../shared/ask.ts';
import { FRAMEWORK } from '../shared/places.ts';
import { endInWords, endProcess, freePort, hasEnded, spawnOwned } from '../shared/processes.ts';

const TELL_MEMORY = new URL('tell-memory.ts', import.meta.url).href;
const RETRY_MS = 2;

/** What to serve: a folder with a bundle, and how its function is called. */
export interface Served {
  folder: string;
  entryPoint: string;
  env: NodeJS.ProcessEnv;
}

/** A function in a process of its own. */
export interface ServedFunction {
  /** POSTs `body`, from the moment the process listens, and returns the answer. Throws when it is not 200. */
  post(body: object): Promise<unknown>;
  /** The most memory that the process has held. */
  peakBytes(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * Starts `served` as the platform does: production mode, no metadata server to look for, and nothing else of ours in the
 * process, unless `watched` has it tell its memory, which costs start-up time.
 */
export async function serve(
  { folder, entryPoint, env }: Served,
  { watched }: { watched: boolean },
): Promise<ServedFunction> {
  const port = await freePort();
  const { NIGHTSHIFT_SETTINGS: _, NIGHTSHIFT_CATALOG: __, NODE_OPTIONS: ___, ...inherited } = process.env;
  const child = spawnOwned(
    process.execPath,
    [
      ...(watched ? ['--import', TELL_MEMORY] : []),
      FRAMEWORK,
      `--source=${folder}`,
      `--target=${entryPoint}`,
      `--port=${port}`,
    ],
    {
      env: { ...inherited, NODE_ENV: 'production', METADATA_SERVER_DETECTION: 'none', ...env },
      stdio: ['ignore', 'ignore', 'pipe', ...(watched ? ['ipc' as const] : [])],
    },
  );
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors = `${errors}${chunk}`.slice(-4_000);
  });
  const answered = async (body: object): Promise<Reply> => {
    const question = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    for (;;) {
      const answer = await ask(`http://127.0.0.1:${port}/`, question).catch(
        (error: NodeJS.ErrnoException) => error,
      );
      if (!(answer instanceof Error)) return answer;
      if (hasEnded(child))
        throw new Error(`${entryPoint} ended (${endInWords(child.exitCode, child.signalCode)}):\n${errors}`);
      if (answer.code !== 'ECONNREFUSED') throw answer;
      await sleep(RETRY_MS);
    }
  };
  return {
    async post(body) {
      const { status, text } = await answered(body);
      if (status !== 200)
        throw new Error(`${entryPoint} answered ${status}: ${text.slice(0, 500)}\n${errors}`);
      return JSON.parse(text);
    },
    async peakBytes() {
      const told = once(child, 'message');
      child.send({});
      const [{ peakBytes }] = await told;
      return peakBytes;
    },
    stop: () => endProcess(child),
  };
}
