import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { shortPath } from '../../shared/places.ts';
import { StackProblem } from '../../shared/problem.ts';
import type { Tell } from '../../shared/tell.ts';
import { type FunctionProcess, type FunctionSpec, launchFunction, logFileOf } from './function-process.ts';
import { lineInWords } from './log-lines.ts';

/** A life shorter than this counts as ending at once. */
const SHORT_LIFE_MS = 5_000;
const LONGEST_WAIT_MS = 10_000;

/** A function that is started again whenever its process ends. */
export interface RunningFunction {
  /** The port it listens on; waits up to `waitMs` for one that is being started, then `undefined`. */
  port(waitMs: number): Promise<number | undefined>;
  stop(): Promise<void>;
}

/** Starts every function and resolves, by name, when all listen. Throws the last words of one that never did. */
export async function startFunctions(
  specs: FunctionSpec[],
  tell: Tell,
  signal: AbortSignal,
): Promise<Map<string, RunningFunction>> {
  const started = await Promise.allSettled(specs.map((spec) => startFunction(spec, tell, signal)));
  const running = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = started.find((result) => result.status === 'rejected');
  if (!failed) return new Map(specs.map((spec, index) => [spec.name, running[index] as RunningFunction]));
  await Promise.all(running.map((each) => each.stop()));
  throw failed.reason;
}

/** Lines of a function that are not told again. */
const MOST_REMEMBERED = 1_000;

async function startFunction(spec: FunctionSpec, tell: Tell, signal: AbortSignal): Promise<RunningFunction> {
  signal.throwIfAborted();
  rmSync(logFileOf(spec), { force: true });
  const stopping = new AbortController();
  // A task that comes every ten minutes meets the same trouble every ten minutes.
  const told = new Set<string>();
  const onLine = (line: string) => {
    const words = lineInWords(line);
    if (words === undefined || told.has(words)) return;
    if (told.size === MOST_REMEMBERED) told.clear();
    told.add(words);
    tell.warn(`${spec.name}: ${words}`);
  };
  let life = launchFunction(spec, onLine);
  let listening = life.port;
  const giveUp = () => void life.stop();
  signal.addEventListener('abort', giveUp);
  const port = await life.port;
  signal.removeEventListener('abort', giveUp);
  if (signal.aborted) {
    await life.stop();
    throw signal.reason;
  }
  if (port === undefined) throw new StackProblem(await cannotStart(spec, life));

  const keepRunning = async () => {
    for (let shortLives = 0; ; ) {
      const born = performance.now();
      const end = await life.ended;
      if (stopping.signal.aborted) return;
      const next = Promise.withResolvers<number | undefined>();
      listening = next.promise;
      shortLives = performance.now() - born < SHORT_LIFE_MS ? shortLives + 1 : 0;
      const waitMs = shortLives < 2 ? 0 : Math.min(LONGEST_WAIT_MS, 100 * 2 ** shortLives);
      tell.warn(
        `${spec.name} ended (${end}), starting it again${waitMs >= 1_000 ? ` in ${waitMs / 1_000} s` : ''}`,
      );
      // Told once: more of the same is in its log.
      if (shortLives === 3 && life.lastWords.length > 0)
        tell.warn(`Its last words, from ${shortPath(logFileOf(spec))}:\n${indent(life.lastWords)}`);
      await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      life = launchFunction(spec, onLine);
      life.port.then((port) => next.resolve(port));
    }
  };
  const kept = keepRunning();
  return {
    port: (waitMs) => portWithin(() => listening, waitMs),
    stop: async () => {
      stopping.abort();
      await life.stop();
      await kept;
    },
  };
}

/** Waits through lives that end before they listen. */
async function portWithin(
  listening: () => Promise<number | undefined>,
  waitMs: number,
): Promise<number | undefined> {
  const deadline = performance.now() + waitMs;
  for (let left = waitMs; left > 0; left = deadline - performance.now()) {
    const attempt = listening();
    const port = await Promise.race([attempt, sleep(left, undefined, { ref: false })]);
    if (port !== undefined) return port;
    // Ended before it listened: the next life is announced within a moment.
    if (attempt === listening()) await sleep(Math.min(50, left));
  }
  return undefined;
}

async function cannotStart({ name }: FunctionSpec, life: FunctionProcess): Promise<string> {
  const end = await life.ended;
  // A wrong configuration says all there is to say; the framework's guess and stack around it would only hide it.
  const configuration = /InvalidConfiguration: (.*?)(?=\n\s+at |$)/s.exec(life.lastWords.join('\n'))?.[1];
  return `Cannot start ${name} (${end}): ${configuration ?? `it said\n${indent(life.lastWords)}`}`;
}

function indent(lines: string[]): string {
  return lines.map((line) => `    ${line}`).join('\n');
}
