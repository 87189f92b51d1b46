import { once } from 'node:events';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../../functions/shared/clock.ts';
import { FRAMEWORK } from '../../shared/places.ts';
import { endInWords, endProcess, spawnOwned } from '../../shared/processes.ts';
import { eachLine, openLogFile } from '../log-file.ts';

const PRELOAD = new URL('./end-with-parent.ts', import.meta.url).href;
const LAST_WORDS = 12;

/** What to serve, and where its words go. */
export interface FunctionSpec {
  /** The task or the service. */
  name: string;
  entryPoint: string;
  /** The module: a file, or a folder with a package.json. */
  source: string;
  env: NodeJS.ProcessEnv;
  logFolder: string;
  /** The time of the lines in its log; real time unless given. */
  clock?: Clock;
}

/** One life of a function's process. */
export interface FunctionProcess {
  /** `undefined` when it could not be started at all. */
  pid: number | undefined;
  /** The port it listens on; `undefined` when it ended before it listened. */
  port: Promise<number | undefined>;
  /** How it ended, in words, after its last line was read. */
  ended: Promise<string>;
  /** The last lines that it wrote. */
  lastWords: string[];
  stop(): Promise<void>;
}

/** The file that all lives of `spec` write their lines to. */
export function logFileOf(spec: FunctionSpec): string {
  return join(spec.logFolder, `${spec.name}.log`);
}

/** Starts the real Functions Framework on `spec`, on a port that the system chooses; `onLine` gets each line it writes. */
export function launchFunction(spec: FunctionSpec, onLine: (line: string) => void): FunctionProcess {
  const args = [`--source=${spec.source}`, `--target=${spec.entryPoint}`, '--port=0'];
  const child = spawnOwned(process.execPath, ['--import', PRELOAD, FRAMEWORK, ...args], {
    env: spec.env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const { now } = spec.clock ?? systemClock;
  const log = openLogFile(logFileOf(spec), 'a', now);
  const lastWords: string[] = [];
  eachLine([child.stdout, child.stderr], (line) => {
    log.write(line);
    if (lastWords.push(line) > LAST_WORDS) lastWords.shift();
    onLine(line);
  });
  // 'exit' may come before the last line, 'close' does not.
  const ended = once(child, 'close').then(([code, signal]) => {
    log.close();
    return endInWords(code, signal);
  });
  const message = new Promise<number>((resolve) => {
    child.once('message', (message: { port: number }) => resolve(message.port));
  });
  return {
    pid: child.pid,
    port: Promise.race([message, ended.then(() => undefined)]),
    ended,
    lastWords,
    stop: () => endProcess(child),
  };
}
