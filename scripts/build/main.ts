import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { loadCatalog, loadServices } from '../../functions/shared/catalog.ts';
import { readEnvironment } from '../../functions/shared/environment.ts';
import { ROOT } from '../shared/places.ts';
import { builtFrom, checkSweep } from './built-from.ts';
import { bundle, writeJson } from './bundle.ts';
import { writePage } from './page/page.ts';
import { sizeReport } from './report.ts';
import { buildReporter } from './reporter.ts';
import { zip } from './zip.ts';

/**
 * `npm run build`: one folder per function, `dist/<name>/`, and its archive `dist/<name>.zip`, which is all that is deployed
 * of it; and the reporter's command as one file. What went into a bundle is told beside it, in `dist/<name>.meta.json`, and what all of them were built of in
 * `dist/built-from.json`: Terraform deploys no archive that goes by another catalogue than itself.
 */
if (import.meta.main) for (const line of await buildAll(join(ROOT, 'dist'))) console.log(line);

/** Builds every function of the catalogue into `folder`, whose earlier content is removed; returns the report's lines. */
export async function buildAll(folder: string): Promise<string[]> {
  rmSync(folder, { recursive: true, force: true });
  const report = (await writePage()).size.lines;
  // The catalogue of the project, whatever the environment names: what is deployed holds no other.
  const catalog = loadCatalog(readEnvironment({}));
  const services = loadServices(readEnvironment({}));
  const read = (file: string) => readFileSync(join(ROOT, 'functions', file), 'utf8');
  const from = builtFrom({ 'catalog.json': read('catalog.json'), 'settings.json': read('settings.json') });
  checkSweep(catalog, from);
  for (const name of [...Object.keys(catalog), ...Object.keys(services)])
    report.push(...(await buildFunction(name, folder)));
  report.push(await buildReporter(folder));
  writeJson(join(folder, 'built-from.json'), from);
  return report;
}

/** Builds the function of a task or a service into `folder`; returns the lines of the report about it. */
export async function buildFunction(name: string, folder: string): Promise<string[]> {
  const entryFile = join(ROOT, 'functions', name, 'index.ts');
  if (!existsSync(entryFile))
    return [`${name}: in the catalogue, but there is no ${relative(ROOT, entryFile)}: left out`];
  const metafile = await bundle(entryFile, name, join(folder, name));
  writeJson(join(folder, `${name}.meta.json`), metafile);
  const archive = zip(filesIn(join(folder, name)));
  writeFileSync(join(folder, `${name}.zip`), archive);
  return sizeReport(name, join(folder, name, 'index.js'), archive.length, metafile);
}

function filesIn(folder: string): Record<string, Buffer> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
}
