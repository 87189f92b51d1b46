import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { FRAMEWORK } from '../../scripts/shared/places.ts';
import { endInWords, freePort, hasEnded, spawnOwned } from '../../scripts/shared/processes.ts';
import { quiet } from '../../scripts/shared/tell.ts';
import { whyNoAnswer } from '../../scripts/stack/emulator/answers.ts';
import { downloadedJar } from '../../scripts/stack/emulator/download.ts';
import { installedJars } from '../../scripts/stack/emulator/jar.ts';
import { findJava } from '../../scripts/stack/emulator/java.ts';

/** A server that is killed and started again where it was. */
export interface Mortal {
  /** `host:port`, the same in every life. */
  host: string;
  /** Begins another life; resolves when it answers. Throws its last words when it never does. */
  start(): Promise<void>;
  /** Ends it by SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** How a server is started at a port. */
interface Program {
  command: string;
  argumentsAt(port: number): string[];
  env: NodeJS.ProcessEnv;
}

const LAST_WORDS = 4_000;
const LOOK_MS = 50;

/** A Firestore emulator whatever FIRESTORE_EMULATOR_HOST names: it forgets everything with each life. */
export async function mortalEmulator(t: TestContext): Promise<Mortal> {
  const { env } = process;
  const [installed] = installedJars(env);
  const jar = installed ?? (await downloadedJar({ env, tell: quiet, signal: t.signal }));
  return mortal(t, {
    command: await findJava(env),
    argumentsAt: (port) => ['-Duser.language=en', ...jar.javaArguments, '--host=127.0.0.1', `--port=${port}`],
    env,
  });
}

/** A function under the real Functions Framework. */
export function mortalFunction(
  t: TestContext,
  source: string,
  entryPoint: string,
  env: NodeJS.ProcessEnv,
): Promise<Mortal> {
  return mortal(t, {
    command: process.execPath,
    argumentsAt: (port) => [FRAMEWORK, `--source=${source}`, `--target=${entryPoint}`, `--port=${port}`],
    env: { ...process.env, METADATA_SERVER_DETECTION: 'none', NODE_ENV: 'production', ...env },
  });
}

async function mortal(t: TestContext, { command, argumentsAt, env }: Program): Promise<Mortal> {
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  let life: ChildProcess | undefined;
  const kill = async () => {
    if (!life || hasEnded(life)) return;
    const gone = once(life, 'exit');
    life.kill('SIGKILL');
    await gone;
  };
  t.after(kill);
  return {
    host,
    kill,
    async start() {
      const child = spawnOwned(command, argumentsAt(port), { env, stdio: ['ignore', 'pipe', 'pipe'] });
      life = child;
      let words = '';
      for (const output of [child.stdout, child.stderr])
        output?.on('data', (chunk) => {
          words = `${words}${chunk}`.slice(-LAST_WORDS);
        });
      while (await whyNoAnswer(host, t.signal)) {
        t.signal.throwIfAborted();
        if (hasEnded(child))
          throw new Error(`${command} ended (${endInWords(child.exitCode, child.signalCode)}):\n${words}`);
        await pause(LOOK_MS);
      }
    },
  };
}
