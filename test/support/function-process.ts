import { resolve } from 'node:path';
import type { Answer } from '../../functions/shared/run/answer.ts';
import { ask, type Reply } from '../../scripts/shared/ask.ts';
import { ROOT } from '../../scripts/shared/places.ts';
import { launchFunction } from '../../scripts/stack/serving/function-process.ts';
import { ENTRY } from './entry.ts';
import { freshFile, freshFolder } from './folders.ts';

/** An answer as it came over the wire. */
interface Answered extends Reply {
  body: Omit<Answer, 'startedAt' | 'finishedAt'> & { startedAt: string; finishedAt: string };
}

/** A function in a process of its own. */
export interface ServedFunction {
  pid: number;
  url: string;
  /** How its process ended, in words. */
  ended: Promise<string>;
  /** Lines of its log so far, parsed. */
  lines(): Record<string, unknown>[];
  /** Asks it; a body that is text is sent as it stands. */
  post(body: unknown, headers?: Record<string, string>, method?: string): Promise<Answered>;
  stop(): Promise<void>;
}

/** Serves the function in `source`, below the project's folder, under the real Functions Framework, ready for requests. */
export async function serveFunction(
  source: string,
  entryPoint: string,
  environment: Record<string, string>,
): Promise<ServedFunction> {
  const said: string[] = [];
  const env = { ...process.env, METADATA_SERVER_DETECTION: 'none', NODE_ENV: 'production', ...environment };
  const { pid, port, ended, stop } = launchFunction(
    { name: entryPoint, entryPoint, source: resolve(ROOT, source), env, logFolder: freshFolder() },
    (line) => void said.push(line),
  );
  const url = `http://127.0.0.1:${await port}/`;
  if (pid === undefined || (await port) === undefined)
    throw new Error(`The function ended at its start (${await ended}):\n${said.join('\n')}`);
  return {
    pid,
    url,
    ended,
    stop,
    lines: () => said.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)),
    async post(content, headers = {}, method = 'POST') {
      const body = typeof content === 'string' ? content : (JSON.stringify(content) ?? '');
      const reply = await ask(url, {
        method,
        body,
        headers: { 'content-type': 'application/json', ...headers },
      });
      return { ...reply, body: reply.text.startsWith('{') ? JSON.parse(reply.text) : {} };
    },
  };
}

/** What the catalogue says of the fixture: a short deadline and lease, so that tests of them are short. */
const FIXTURE_ENTRY = {
  ...ENTRY,
  entryPoint: 'fixture',
  schedule: '*/10 * * * *',
  startGraceSeconds: 60,
  timeoutSeconds: 40,
  attemptDeadlineSeconds: 60,
  leaseSeconds: 4,
  retry: { count: 3, minBackoffSeconds: 30, maxBackoffSeconds: 60, maxDoublings: 3 },
};

/** The fixture function with `entry` over FIXTURE_ENTRY. */
export function serveFixture(
  environment: Record<string, string>,
  entry: Partial<typeof FIXTURE_ENTRY> = {},
): Promise<ServedFunction> {
  const catalog = JSON.stringify({ fixture: { ...FIXTURE_ENTRY, ...entry } });
  return serveFunction('test/support/fixture-function.ts', 'fixture', {
    NIGHTSHIFT_CATALOG: freshFile('catalog.json', catalog),
    ...environment,
  });
}

/** Headers of a delivery of `slot` by Cloud Scheduler. */
export function schedulerHeaders(task: string, slot: Date | string): Record<string, string> {
  return {
    'user-agent': 'Google-Cloud-Scheduler',
    'x-cloudscheduler': 'true',
    'x-cloudscheduler-jobname': task,
    'x-cloudscheduler-scheduletime': typeof slot === 'string' ? slot : slot.toISOString(),
  };
}
