import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buildReporter, REPORTER } from '../build/reporter.ts';
import { ROOT } from '../shared/places.ts';
import { type BenchContext, type Measured, median, type Row, rounded } from './bench.ts';

const STARTS = 15;
const PYTHON = join(ROOT, 'scripts/report/nightshift_report.py');
/** What people put around a command: tries and waits as runitor has them, which Healthchecks recommends. */
const CURL = 'curl -fsS -m 5 --retry 2 -o /dev/null -H "Content-Type: application/json"';
const CHILD = 'echo up; read -r line; exit 3';
/** Runs that find nobody to tell, and for how long the one after them goes on, to which somebody listens. */
const OUTAGE = { runs: 5, nextMs: 3_000 };
/** Of a command that is told at once and after it has ended. */
const ONLINE_MS = 200;

/** A program in Python that becomes the command. */
const BECOME = `import os; os.execvp("sh", ["sh", "-c", ${JSON.stringify(CHILD)}])`;

/** A way to run a command and tell of it. */
interface Contestant {
  name: string;
  /** The command line that runs `CHILD` in a shell. */
  argv: string[];
  /** Whether it only runs the command: then nothing is told. */
  isBare?: true;
}

/** How one run went. */
interface Timed {
  /** From the start of the whole to the first word of the command. */
  startSeconds: number;
  /** From the end of the command to the end of the whole. */
  endSeconds: number;
  /** Of the process that goes along with the command. */
  peakBytes: number;
  code: number | null;
}

/**
 * What a command costs that is reported: `report exec` in both languages against the bare command and against a line of
 * curl before and after it, with a service that answers and with one that takes every connection and never answers.
 */
export async function reportCommand({ folder, signal, progress }: BenchContext): Promise<Measured> {
  await buildReporter(folder);
  const [answering, hanging] = [await serve(false), await serve(true)];
  try {
    const rows: Row[] = [];
    const starts = new Map<string, number>();
    for (const { name, argv, isBare } of contestants(folder)) {
      progress(name);
      const run = (service: Service) => timed(argv, service.url, join(folder, 'outbox'));
      await run(answering);
      const online: Timed[] = [];
      for (let i = 0; i < STARTS; i++) {
        signal.throwIfAborted();
        online.push(await run(answering));
      }
      const heard = answering.requests();
      const hung = await run(hanging);
      const toldAfterOutage = isBare ? '-' : await toldOfOutage(argv, join(folder, 'outage', name));
      starts.set(name, median(online.map(({ startSeconds }) => startSeconds)));
      rows.push({
        name,
        startSeconds: rounded(median(online.map(({ startSeconds }) => startSeconds))),
        endSeconds: rounded(median(online.map(({ endSeconds }) => endSeconds))),
        hungStartSeconds: rounded(hung.startSeconds),
        hungEndSeconds: rounded(hung.endSeconds),
        exitCode: String(hung.code),
        endsToldAfterOutage: toldAfterOutage,
        peakMemoryBytes: Math.max(...online.map(({ peakBytes }) => peakBytes)),
      });
      if (!isBare && heard === 0) throw new Error(`${name} has told nothing`);
    }
    const ours = starts.get('report exec') as number;
    return {
      rows,
      ratios: Object.fromEntries(
        [...starts]
          .filter(([name]) => name !== 'report exec')
          .map(([name, start]) => [name, rounded(ours / start)]),
      ),
      peakMemoryBytes: rows[0]?.peakMemoryBytes as number,
    };
  } finally {
    answering.server.close();
    hanging.server.close();
    hanging.server.closeAllConnections();
  }
}

function contestants(folder: string): Contestant[] {
  const exec = ['exec', '--job', 'bench', '--', 'sh', '-c', CHILD];
  const python = interpreter();
  const tell = (state: string) => `${CURL} -d '{"job":"bench","state":"${state}"}' "$NIGHTSHIFT_URL"`;
  return [
    { name: 'report exec', argv: [process.execPath, join(folder, REPORTER), ...exec] },
    ...(python && existsSync(PYTHON)
      ? [{ name: 'report exec, Python', argv: [python, PYTHON, ...exec] }]
      : []),
    { name: 'bare', argv: ['sh', '-c', CHILD], isBare: true },
    // What the interpreter itself takes: the rest of a start in Python is what reporting adds.
    ...(python ? [{ name: 'bare, Python', argv: [python, '-c', BECOME], isBare: true as const }] : []),
    {
      name: 'curl --retry',
      argv: ['sh', '-c', `${tell('running')}; sh -c '${CHILD}'; code=$?; ${tell('failed')}; exit $code`],
    },
  ];
}

/** The interpreter that `python3` leads to, which may be a script that looks for it; `null` where there is none. */
function interpreter(): string | null {
  const { status, stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() || null : null;
}

/** How many of the ends that came while nobody listened a service hears of once it is back and the next command runs. */
async function toldOfOutage(argv: string[], outbox: string): Promise<string> {
  const before = await serve(false);
  before.server.close();
  for (let run = 0; run < OUTAGE.runs; run += 1) await timed(argv, before.url, outbox);
  const back = await serve(false, Number(new URL(before.url).port));
  try {
    await timed(argv, back.url, outbox, OUTAGE.nextMs);
    // The last one is of the command that ran when all was well again.
    return `${Math.max(0, back.ends() - 1)} of ${OUTAGE.runs}`;
  } finally {
    back.server.close();
  }
}

async function timed(argv: string[], url: string, outbox: string, livesMs = ONLINE_MS): Promise<Timed> {
  const env = { PATH: process.env.PATH, NIGHTSHIFT_URL: url, NIGHTSHIFT_OUTBOX: outbox };
  const began = performance.now();
  const child: ChildProcess = spawn(argv[0] as string, argv.slice(1), {
    env,
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  const ended = once(child, 'exit');
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
  const startedAt = performance.now();
  // So long that its first report is on its way, too.
  await new Promise((resolve) => setTimeout(resolve, livesMs));
  const peakBytes = peakOf(child.pid as number);
  const endedAt = performance.now();
  child.stdin?.end('\n');
  const [code] = await ended;
  return {
    startSeconds: (startedAt - began) / 1_000,
    endSeconds: (performance.now() - endedAt) / 1_000,
    peakBytes,
    code,
  };
}

/** The most memory that a process has held, as the kernel counts it. */
function peakOf(pid: number): number {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1_024;
}

/** What is read of it here. */
interface Told {
  state?: string;
  execution?: string;
}

interface Service {
  server: Server;
  url: string;
  /** How many requests have come since the last time. */
  requests(): number;
  /** Of how many executions it has heard that they ended. */
  ends(): number;
}

/** A service that settles every report, or takes every request and never answers. */
async function serve(hangs: boolean, port = 0): Promise<Service> {
  let count = 0;
  const ended = new Set<unknown>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    count += 1;
    if (hangs) return;
    const told = JSON.parse(Buffer.concat(chunks).toString()) as Told & { reports?: Told[] };
    const { reports = [] } = told;
    // What curl tells names no execution: each is another.
    for (const { state, execution = request } of [told, ...reports])
      if (state === 'failed') ended.add(execution);
    const results = reports.map((report) => ({ ...report, result: 'applied' }));
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ results }));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    ends: () => ended.size,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests() {
      const since = count;
      count = 0;
      return since;
    },
  };
}
