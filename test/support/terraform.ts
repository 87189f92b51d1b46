import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtFrom } from '../../scripts/build/built-from.ts';
import { ROOT } from '../../scripts/shared/places.ts';
import { freshFolder } from './folders.ts';
import { serveProvider } from './provider.ts';

/** As long as a download of the real provider may take; it is kept for the next time. */
const DOWNLOAD_LIMIT_MS = 60_000;
const LIMIT_MS = 120_000;
const READ_BY_TERRAFORM = ['catalog.json', 'settings.json'];

/** Why Terraform cannot be run here; `false` where it can. */
export function terraformMissing(): string | false {
  const { error, stdout } = spawnSync('terraform', ['version', '-json'], { encoding: 'utf8' });
  if (error) return 'there is no terraform here';
  const { terraform_version: version } = JSON.parse(stdout) as { terraform_version: string };
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === 1 && minor < 9 ? `terraform is ${version}, 1.9 is needed` : false;
}

/** What a command of Terraform ended with; `output` is both of its streams. */
export interface Ended {
  code: number;
  stdout: string;
  output: string;
}

/**
 * A copy of infra/ and of what it reads, with the provider at hand: the real one where it can be downloaded, else its
 * stand-in. Nothing is left in the project. Stop it at the end.
 */
export async function openTerraform() {
  const folder = freshFolder();
  const infra = join(folder, 'infra');
  cpSync(join(ROOT, 'infra'), infra, { recursive: true, filter: (path) => !path.includes('.terraform') });
  for (const name of ['functions', 'dist']) mkdirSync(join(folder, name));
  for (const file of READ_BY_TERRAFORM)
    cpSync(join(ROOT, 'functions', file), join(folder, 'functions', file));
  const cache = join(ROOT, 'node_modules/.cache/terraform-plugins');
  mkdirSync(cache, { recursive: true });
  let environment: NodeJS.ProcessEnv = {
    CHECKPOINT_DISABLE: '1',
    TF_IN_AUTOMATION: '1',
    TF_DATA_DIR: freshFolder(),
    TF_PLUGIN_CACHE_DIR: cache,
    // There is no lock here that could tell the checksum of what is in the cache.
    TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE: '1',
    // Each of its processes is over before it would need to collect garbage, which takes a quarter of its time.
    GOGC: 'off',
    GOMEMLIMIT: '1GiB',
  };

  function run(args: string[], more: NodeJS.ProcessEnv = {}, { cwd = infra, limitMs = LIMIT_MS } = {}) {
    return new Promise<Ended>((resolve) => {
      const options = {
        cwd,
        timeout: limitMs,
        env: { ...process.env, ...environment, ...more },
        maxBuffer: 2 ** 26,
      };
      execFile('terraform', args, options, (error, stdout, stderr) =>
        // A long line of Terraform's goes on in the next one, behind a frame.
        resolve({
          code: error ? Number(error.code) || 1 : 0,
          stdout,
          output: `${stdout}${stderr}`.replace(/\n[│╷╵]?\s*/g, ' '),
        }),
      );
    });
  }

  const real = await run(['init', '-input=false', '-no-color'], {}, { limitMs: DOWNLOAD_LIMIT_MS });
  const standIn = real.code === 0 ? undefined : await serveProvider();
  if (standIn) {
    environment = { ...environment, ...standIn.attach };
    const { code, output } = await run(['init', '-input=false', '-no-color']);
    if (code !== 0) throw new Error(`Cannot init: ${output}`);
  }

  return {
    folder,
    run,
    provider: standIn ? 'the stand-in' : 'the real provider',

    /** Does `work` while a file of the copy has other text, with archives that were built of what is there then. */
    async edited<T>(edits: Record<string, (text: string) => string>, work: () => Promise<T>): Promise<T> {
      const before = Object.entries(edits).map(([file, edit]) => {
        const text = readFileSync(join(folder, file), 'utf8');
        const changed = edit(text);
        if (changed === text) throw new Error(`Cannot edit ${file}: nothing changed`);
        writeFileSync(join(folder, file), changed);
        return { file, text };
      });
      try {
        build(folder);
        return await work();
      } finally {
        for (const { file, text } of before) writeFileSync(join(folder, file), text);
      }
    },

    stop: () => standIn?.stop(),
  };
}

/** Archives of no use but to be deployed by a mock. */
function build(folder: string): void {
  const read = (file: string) => readFileSync(join(folder, 'functions', file), 'utf8');
  for (const task of Object.keys(JSON.parse(read('catalog.json'))))
    writeFileSync(join(folder, 'dist', `${task}.zip`), task);
  const from = builtFrom({ 'catalog.json': read('catalog.json'), 'settings.json': read('settings.json') });
  writeFileSync(join(folder, 'dist/built-from.json'), JSON.stringify(from));
}
