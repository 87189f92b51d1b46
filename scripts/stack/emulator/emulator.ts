import { StackProblem } from '../../shared/problem.ts';
import type { Tell } from '../../shared/tell.ts';
import { whyNoAnswer } from './answers.ts';
import { downloadedJar } from './download.ts';
import { installedJars } from './jar.ts';
import { findJava, installCommand } from './java.ts';
import { type Emulator, startEmulator } from './process.ts';

const ANSWER_MS = 5_000;

interface Needs {
  env: NodeJS.ProcessEnv;
  tell: Tell;
  signal: AbortSignal;
  /** The folder of its log. */
  logs: string;
}

/** The emulator that FIRESTORE_EMULATOR_HOST names, else one of our own: installed here, or downloaded once. */
export async function openEmulator({ env, tell, signal, logs }: Needs): Promise<Emulator> {
  if (env.FIRESTORE_EMULATOR_HOST) return runningEmulator(env.FIRESTORE_EMULATOR_HOST, signal);
  const java = await findJava(env);
  let needsJava = 0;
  for (const jar of installedJars(env)) {
    const started = await startEmulator(java, jar, logs, signal);
    if ('host' in started) return started;
    needsJava = Math.max(needsJava, started.needsJava);
  }
  // None is installed, or what is wants a newer Java than this machine has, which ours does not.
  const jar = await downloadedJar({ env, tell, signal }).catch((error) => {
    throw needsJava > 0 && error instanceof StackProblem ? tooOldFor(needsJava) : error;
  });
  const started = await startEmulator(java, jar, logs, signal);
  if ('host' in started) return started;
  throw tooOldFor(started.needsJava);
}

async function runningEmulator(host: string, signal: AbortSignal): Promise<Emulator> {
  const problem = await whyNoAnswer(host, AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]));
  signal.throwIfAborted();
  if (problem)
    throw new StackProblem(
      `Cannot reach the Firestore emulator at ${host}, which FIRESTORE_EMULATOR_HOST names: ${problem}. ` +
        'Start it, or let one be started. Run: unset FIRESTORE_EMULATOR_HOST; npm start',
    );
  return { host, words: 'your Firestore emulator', ended: new Promise(() => {}), stop: async () => {} };
}

function tooOldFor(needed: number): StackProblem {
  return new StackProblem(
    `Cannot start the Firestore emulator: the one here needs Java ${needed}. Run: ${installCommand(needed)}`,
  );
}
