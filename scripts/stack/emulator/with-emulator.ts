import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { problemInWords, StackProblem } from '../../shared/problem.ts';
import { terminal } from '../../shared/tell.ts';
import { openEmulator } from './emulator.ts';

/**
 * `node scripts/stack/emulator/with-emulator.ts COMMAND...`: runs the command with a Firestore emulator that is there for it
 * alone, unless FIRESTORE_EMULATOR_HOST names one, and ends with the command's exit code.
 */
process.exitCode = await main(process.argv.slice(2)).catch((error) => {
  console.error(problemInWords(error));
  return 1;
});

async function main([command, ...args]: string[]): Promise<number> {
  if (!command)
    throw new StackProblem(
      'Cannot run nothing. Run: node scripts/stack/emulator/with-emulator.ts COMMAND...',
    );
  const stopping = new AbortController();
  let passOn: (signal: NodeJS.Signals) => void = () =>
    stopping.abort(new StackProblem('Stopped before the emulator was ready'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => passOn(signal));

  // Not the folder of a stack that may run beside.
  const logs = mkdtempSync(join(tmpdir(), 'nightshift-'));
  try {
    const emulator = await openEmulator({
      env: process.env,
      tell: terminal(),
      signal: stopping.signal,
      logs,
    });
    try {
      const child = spawn(command, args, {
        stdio: 'inherit',
        env: { ...process.env, FIRESTORE_EMULATOR_HOST: emulator.host, METADATA_SERVER_DETECTION: 'none' },
      });
      // A Ctrl-C at the terminal has reached the command already; a second one may mean "at once" to it.
      passOn = (signal) => {
        if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
      };
      const [code, signal] = await once(child, 'exit');
      return signal ? 128 + constants.signals[signal as NodeJS.Signals] : code;
    } finally {
      await emulator.stop();
    }
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw missing ? new StackProblem(`Cannot run ${command}: no such command`) : error;
  } finally {
    rmSync(logs, { recursive: true, force: true });
  }
}
