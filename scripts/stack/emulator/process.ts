import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { shortPath } from '../../shared/places.ts';
import { StackProblem } from '../../shared/problem.ts';
import { endInWords, endProcess, endWithUs, freePort, spawnOwned } from '../../shared/processes.ts';
import { eachLine, openLogFile } from '../log-file.ts';
import { whyNoAnswer } from './answers.ts';
import type { EmulatorJar } from './jar.ts';

const READY_MS = 60_000;
const PORT_TRIES = 3;

/** A Firestore emulator that answers. */
export interface Emulator {
  /** `host:port`, as FIRESTORE_EMULATOR_HOST wants it. */
  host: string;
  /** Whose it is, in words. */
  words: string;
  /** Rejects when an emulator of ours ends without having been stopped. */
  ended: Promise<never>;
  /** Ends it, unless somebody else started it. */
  stop(): Promise<void>;
}

/** Starts `jar` on a free port and resolves when it answers; tells the Java it needs when `java` is too old for it. */
export async function startEmulator(
  java: string,
  jar: EmulatorJar,
  logs: string,
  signal: AbortSignal,
): Promise<Emulator | { needsJava: number }> {
  const log = join(logs, 'firestore.log');
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const life = launch(java, jar, port, log);
    const decided = new AbortController();
    try {
      const ready = untilReady(`127.0.0.1:${port}`, AbortSignal.any([signal, decided.signal]));
      await Promise.race([ready, life.ended]);
      return { host: `127.0.0.1:${port}`, words: jar.words, ended: life.ended, stop: life.stop };
    } catch (error) {
      await life.stop();
      signal.throwIfAborted();
      const words = readFileSync(log, 'utf8');
      const classVersion = /UnsupportedClassVersionError.*?class file version (\d+)/s.exec(words)?.[1];
      // Java 1 had class files of version 45.
      if (classVersion) return { needsJava: Number(classVersion) - 44 };
      // Somebody else may have taken the port in between.
      if (/already in use|BindException/i.test(words) && attempt < PORT_TRIES) continue;
      if (!(error instanceof StackProblem)) throw error;
      throw new StackProblem(`${error.message}; its last words: ${words.trimEnd().split('\n').at(-1)}`);
    } finally {
      decided.abort();
    }
  }
}

function launch(java: string, jar: EmulatorJar, port: number, log: string): Pick<Emulator, 'ended' | 'stop'> {
  // English, because the emulator itself parses messages of the JVM.
  const args = ['-Duser.language=en', ...jar.javaArguments, '--host=127.0.0.1', `--port=${port}`];
  const child = spawnOwned(java, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const file = openLogFile(log, 'w');
  eachLine([child.stdout, child.stderr], file.write);
  const callOff = endWithUs(child);
  // 'exit' may come before its last line, 'close' does not.
  const ended = once(child, 'close').then(([code, endSignal]): never => {
    callOff();
    file.close();
    throw new StackProblem(
      `The Firestore emulator has ended (${endInWords(code, endSignal)}). Run: cat ${shortPath(log)}`,
    );
  });
  // Nobody may be listening yet, or any more.
  ended.catch(() => {});
  return { ended, stop: () => endProcess(child) };
}

async function untilReady(host: string, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(READY_MS)]);
  while (await whyNoAnswer(host, deadline)) {
    signal.throwIfAborted();
    if (deadline.aborted)
      throw new StackProblem(`The Firestore emulator does not answer at ${host} after ${READY_MS / 1000} s`);
    await sleep(50);
  }
}
