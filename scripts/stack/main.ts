import { parseArgs } from 'node:util';
import { problemInWords } from '../shared/problem.ts';
import { listenForStop } from '../shared/stopping.ts';
import type { StartOptions } from './start.ts';

const HELP = `npm start [-- --once | --empty | --nights N]

Starts the local stack: Firestore emulator, functions, gateway, a sample world; runs every task once and stays up.

  --once    stops after the tasks have run; exit code 0 when each did what it should
  --empty   starts with no records and runs nothing; jobs run only by hand
  --nights  lets N nights pass, the clock jumping from slot to slot, and tells what each task did
  --help    tells this

PORT                      of the gateway, 8080 unless set
GOOGLE_CLOUD_PROJECT      the project's name in the emulator, nightshift-local unless set
FIRESTORE_EMULATOR_HOST   a running emulator to use; none is started or stopped then
`;

process.exitCode = await main();
// What a stopped stack leaves behind, such as a connection half closed, shall not hold up the terminal.
process.exit();

async function main(): Promise<number> {
  const flags = parseFlags();
  if (typeof flags === 'string') {
    console.error(flags);
    return 2;
  }
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const stopping = listenForStop();
  try {
    // Loaded only here: a broken settings.json or catalog.json fails the import, and is a message like any other.
    const { start } = await import('./start.ts');
    return await start(flags, stopping.signal);
  } catch (error) {
    if (stopping.signal.aborted) return stopping.exitCode();
    console.error(problemInWords(error));
    return 1;
  }
}

function parseFlags(): (StartOptions & { help: boolean }) | string {
  try {
    const { nights, ...flags } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        empty: { type: 'boolean', default: false },
        nights: { type: 'string', default: '0' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
    if (!/^\d\d?$/.test(nights)) return `Cannot use --nights "${nights}": expected a number up to 99`;
    if (flags.empty && Number(nights) > 0)
      return 'Cannot use --nights with --empty, where jobs run only by hand';
    return { ...flags, nights: Number(nights) };
  } catch (error) {
    return `${(error as Error).message.split('. ')[0]}. Known are --once, --empty, --nights and --help`;
  }
}
