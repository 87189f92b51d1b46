import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { problemInWords } from '../shared/problem.ts';
import { listenForStop } from '../shared/stopping.ts';
import type { Bench } from './bench.ts';
import { tableOf } from './table.ts';

interface Listed {
  about: string;
  /** What a person should know who reads its figures. */
  note?: string;
  load(): Promise<Bench>;
}

/** Every bench; loaded only when asked for. */
const BENCHES: Record<string, Listed> = {
  collect: {
    about: 'one day out of 10,000 and of 100,000 jobs, against reading them all',
    note: 'The emulator scans all jobs for each query. Firestore has indexes: its seconds follow the documents read.',
    load: async () => (await import('./collect.ts')).collect,
  },
  'cold-start': {
    about: 'process start to first answer, against a function of one line',
    load: async () => (await import('./cold-start.ts')).coldStart,
  },
  sources: {
    about: 'one day of a slow platform with a region hung, against asking one by one',
    load: async () => (await import('./sources.ts')).sources,
  },
  cleanup: {
    about: 'a prefix of 20,000 objects; with NIGHTSHIFT_BENCH_FULL=1 one of 1,000,000 too',
    load: async () => (await import('./cleanup.ts')).cleanup,
  },
  sweep: {
    about: '20,000 stale jobs of 100,000, against bare writes and a transaction each',
    note: 'The emulator scans all jobs for each query and count, which only ours makes. Its write is what it takes longer than to observe.',
    load: async () => (await import('./sweep.ts')).sweep,
  },
  workloads: {
    about:
      'a refresh of 55 calls of 1 s of which one hangs, against its slowest call, one by one, and pools that wait',
    load: async () => (await import('./workloads.ts')).workloads,
  },
  report: {
    about:
      'a reported command against the bare one and lines of curl; 10,000 reports against a transaction for each',
    load: async () => (await import('./report.ts')).report,
  },
  status: {
    about: 'documents read a minute while 1, 10 and 100 viewers look, against strips read from the runs',
    load: async () => (await import('./status.ts')).status,
  },
};

const HELP = `npm run bench -- NAME [--json]

${Object.entries(BENCHES)
  .map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`)
  .join('\n')}

  --json       prints {bench, rows, ratios, peakMemoryBytes} and nothing else (with npm run -s)`;

process.exitCode = await main();
// Connections half closed shall not hold up the terminal.
process.exit();

async function main(): Promise<number> {
  const parsed = parse();
  if (!parsed) return 2;
  const { name, bench, json } = parsed;
  const stopping = listenForStop();
  // Else each Firestore client first looks for the metadata server of a machine in Google's cloud.
  process.env.METADATA_SERVER_DETECTION ??= 'none';
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-bench-'));
  try {
    const run = await bench.load();
    const measured = await run({
      folder,
      signal: stopping.signal,
      progress: (text) => (json ? undefined : console.error(`  ${text}`)),
    });
    if (json) console.log(JSON.stringify({ bench: name, ...measured }));
    else console.log(`\n${[...tableOf(name, measured), bench.note ?? ''].join('\n')}`.trimEnd());
    return 0;
  } catch (error) {
    if (stopping.signal.aborted) return stopping.exitCode();
    console.error(problemInWords(error));
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The bench that the command line names; otherwise tells which there are. */
function parse(): { name: string; bench: Listed; json: boolean } | undefined {
  try {
    const { values, positionals } = parseArgs({
      options: { json: { type: 'boolean' } },
      allowPositionals: true,
    });
    const [name = '', ...more] = positionals;
    const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
    if (bench && more.length === 0) return { name, bench, json: values.json ?? false };
    if (name) console.error(`No bench is called "${positionals.join(' ')}"\n`);
  } catch (error) {
    console.error(`${(error as Error).message}\n`);
  }
  console.error(HELP);
  return undefined;
}
