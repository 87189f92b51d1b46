import pc from 'picocolors';
import { logFolder, shortPath } from './places.ts';
import { StackProblem } from './problem.ts';
import { runTasks } from './run-tasks.ts';
import { aborted } from './stopping.ts';
import { terminal } from './tell.ts';
import { up } from './up.ts';

/** `npm start`: the stack, every task once, what to try next; stays up until `signal` unless `once`. Returns the exit code. */
export async function start(
  { once, empty }: { once: boolean; empty: boolean },
  signal: AbortSignal,
): Promise<number> {
  const tell = terminal();
  tell.line(`\n${pc.bold('Nightshift')}, the local stack\n`);
  const stack = await up({ port: portOf(process.env.PORT), sample: !empty, announced: true, tell, signal });
  try {
    const enabled = Object.values(stack.catalog).flatMap(({ enabled, task }) => (enabled ? [task] : []));
    let fine = true;
    if (!empty) {
      tell.line('\nEvery task, once\n');
      fine = await Promise.race([
        runTasks(stack.gatewayUrl, enabled, tell, signal),
        stack.broken,
        aborted(signal),
      ]);
    }
    if (once) return fine ? 0 : 1;
    for (const line of whatNext(enabled[0] ?? 'TASK')) tell.line(line);
    await Promise.race([stack.broken, aborted(signal)]).catch((error) => {
      // To be told to stop is how a stack that stays up is meant to end.
      if (!signal.aborted) throw error;
    });
    tell.line('\nStopping.');
    return 0;
  } finally {
    await stack.stop();
  }
}

function portOf(text: string | undefined): number {
  if (!text) return 8080;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new StackProblem(
    `Cannot listen on port "${text}": expected a number up to 65535. Run: PORT=8080 npm start`,
  );
}

function whatNext(task: string): string[] {
  const commands = [
    ['npm run -s ops -- days', 'the figures, day by day'],
    ['npm run -s ops -- tasks', 'how each task stands'],
    [`npm run -s ops -- runs ${task}`, 'what it did, run by run'],
    [`npm run -s ops -- run ${task} --dry-run`, 'stored beside recomputed, nothing written'],
    ['npm run -s ops -- cleanup plan', 'which artifacts would go, and why the others stay'],
    ['npm run -s ops -- cleanup plans', 'the plans, one of which waits for approval'],
  ];
  const width = Math.max(...commands.map(([command = '']) => command.length)) + 3;
  return [
    '\nTry next, in another terminal\n',
    ...commands.map(([command = '', words]) => `  ${pc.cyan(command.padEnd(width))}${pc.dim(words ?? '')}`),
    `\nLogs are in ${shortPath(logFolder())}. Ctrl-C stops everything.`,
  ];
}
