import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer } from '../../functions/shared/run/answer.ts';

const ROOT = join(import.meta.dirname, '../..');
const FRAMEWORK = join(ROOT, 'node_modules/@google-cloud/functions-framework/build/src/main.js');

/** An answer as it came over the wire. */
export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Omit<Answer, 'startedAt' | 'finishedAt'> & { startedAt: string; finishedAt: string };
  text: string;
}

export interface ServedFunction {
  child: ChildProcess;
  port: number;
  /** Lines of its log so far, parsed. */
  lines(): Record<string, unknown>[];
  output(): string;
  post(body: unknown, headers?: Record<string, string>, method?: string): Promise<Reply>;
  stop(): Promise<void>;
}

/** The fixture's catalogue entry: a short deadline and lease, so that tests of them are short. */
export const FIXTURE_ENTRY = {
  entryPoint: 'fixture',
  description: 'does what its body says',
  enabled: true,
  schedule: '*/10 * * * *',
  timeoutSeconds: 40,
  attemptDeadlineSeconds: 60,
  leaseSeconds: 4,
  startGraceSeconds: 60,
  retry: { count: 3, minBackoffSeconds: 30, maxBackoffSeconds: 60, maxDoublings: 3 },
  memory: '256Mi',
};

/** Serves a function under the real Functions Framework in its own process, ready for requests. */
export async function serveFunction(
  source: string,
  target: string,
  environment: Record<string, string>,
): Promise<ServedFunction> {
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [FRAMEWORK, `--source=${join(ROOT, source)}`, `--target=${target}`, `--port=${port}`],
    {
      env: { ...process.env, METADATA_SERVER_DETECTION: 'none', NODE_ENV: 'production', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const post: ServedFunction['post'] = (body, headers = {}, method = 'POST') =>
    send(port, method, body, headers);
  for (const giveUpAt = Date.now() + 20_000; ; ) {
    if (child.exitCode !== null) throw new Error(`The function ended at its start:\n${output}`);
    const up = await post(undefined, {}, 'GET').then(
      () => true,
      () => false,
    );
    if (up) break;
    if (Date.now() > giveUpAt) throw new Error(`The function does not answer:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    child,
    port,
    post,
    output: () => output,
    lines: () =>
      output
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line)),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** The fixture function with `entry` over FIXTURE_ENTRY. */
export function serveFixture(
  environment: Record<string, string>,
  entry: Partial<typeof FIXTURE_ENTRY> = {},
): Promise<ServedFunction> {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-test-'));
  const catalog = join(folder, 'catalog.json');
  writeFileSync(catalog, JSON.stringify({ fixture: { ...FIXTURE_ENTRY, ...entry } }));
  return serveFunction('test/support/fixture-function.ts', 'fixture', {
    NIGHTSHIFT_CATALOG: catalog,
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

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('Cannot find a free port');
  return address.port;
}

function send(port: number, method: string, body: unknown, headers: Record<string, string>): Promise<Reply> {
  const content =
    body === undefined ? '' : typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        method,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(content),
          ...headers,
        },
      },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        incoming.on('end', () => {
          const json = text.startsWith('{') ? JSON.parse(text) : {};
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: json, text });
        });
        incoming.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(content);
  });
}
