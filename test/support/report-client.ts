import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { buildReporter, REPORTER } from '../../scripts/build/reporter.ts';
import { ROOT } from '../../scripts/shared/places.ts';
import { freshFolder } from './folders.ts';

/** The reporter's command in both languages: what one of them does, the other has to do. */
export interface Client {
  name: string;
  /** What comes before the words of the command line. */
  argv: string[];
  /** Why it is not tested; false when it is. */
  skip: string | false;
}

const PYTHON = join(ROOT, 'scripts/report/nightshift_report.py');

/** Both clients, the first one as `npm run build` makes it. */
export async function clients(): Promise<Client[]> {
  const python = pythonClient();
  return [
    { name: 'TypeScript', argv: [process.execPath, await builtReporter()], skip: false },
    { name: 'Python', argv: python ?? [], skip: python ? false : 'this machine has no Python 3.9' },
  ];
}

/**
 * The Python client, compiled as Python keeps a module: a script it compiles at every start. Without the packages of the
 * machine (-S), which the client does not use either. `undefined` where there is no Python 3.9.
 */
function pythonClient(): string[] | undefined {
  const file = join(freshFolder(), 'nightshift_report.pyc');
  const code = [
    'import py_compile, sys',
    'assert sys.version_info >= (3, 9)',
    'py_compile.compile(sys.argv[1], sys.argv[2], doraise=True)',
    // Not the shim of a version manager that may stand before it.
    'print(sys.executable)',
  ].join('\n');
  const { status, stdout } = spawnSync('python3', ['-c', code, PYTHON, file], { encoding: 'utf8' });
  return status === 0 ? [stdout.trim(), '-S', file] : undefined;
}

/** The file of the gate, which has built all there is; without it one is built. */
async function builtReporter(): Promise<string> {
  const bundles = process.env.NIGHTSHIFT_TEST_BUNDLES;
  if (bundles) return join(bundles, 'dist', REPORTER);
  const folder = freshFolder();
  await buildReporter(folder);
  return join(folder, REPORTER);
}

/** How a run of a client ended, and what it said. */
export interface Ran {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  process: ChildProcess;
  pid: number;
  ended: Promise<Ran>;
  /** Resolves once it has said the text, on either output. */
  said(text: string): Promise<void>;
}

/** Starts a program in a session of its own, as a container or a cron daemon does, with nothing of our environment that reports. */
export function launch(
  argv: readonly string[],
  env: NodeJS.ProcessEnv = {},
  input: 'ignore' | 'pipe' = 'ignore',
): Running {
  const child = spawn(argv[0] as string, argv.slice(1), {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', LANG: 'C.UTF-8', ...env },
    stdio: [input, 'pipe', 'pipe'],
    detached: true,
  });
  let stdout = '';
  let stderr = '';
  const waiting: { text: string; resolve: () => void }[] = [];
  const hasSaid = (text: string) => stdout.includes(text) || stderr.includes(text);
  const look = () => {
    for (const { text, resolve } of waiting) if (hasSaid(text)) resolve();
  };
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text;
    look();
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text;
    look();
  });
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    const end = () => {
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr });
    };
    child.once('close', end);
    // A process that was left behind holds the pipes for longer.
    child.once('exit', () => setTimeout(end, 1_000));
  });
  return {
    process: child,
    pid: child.pid as number,
    ended,
    said: (text) =>
      hasSaid(text) ? Promise.resolve() : new Promise((resolve) => waiting.push({ text, resolve })),
  };
}

/** A command that waits until it is let go, and then ends with the exit code. */
export function held(code = 0): { command: string[]; letGo(): void } {
  const fifo = join(freshFolder(), 'fifo');
  execFileSync('mkfifo', [fifo]);
  // Both ways, so that whoever opens it first does not wait for the other.
  const fd = openSync(fifo, 'r+');
  return {
    command: ['sh', '-c', `read -r line < ${fifo}; exit ${code}`],
    letGo: () => writeSync(fd, 'go\n'),
  };
}
