import type { Import, SourceFile } from './source-files.ts';

/**
 * Who may import whom below functions/ (DESIGN.md, section 2). A file belongs to one layer: a folder of shared/ or a
 * single file there, or by its role in a task's folder `entry`, `task`, `input-output` or `pure`.
 */

/** Files that decide, whatever task they are in, by the names that they always have. */
const DECIDING = [
  'accept',
  'checks',
  'closure',
  'conflict',
  'decision',
  'figures',
  'forest',
  'guard',
  'input',
  'lineages',
  'plan',
  'plan-record',
  'retention',
  'revise',
  'root-finder',
  'rules',
  'successes',
  'summary',
  'verdict',
];

/** Files that reach out through others beside them only. */
const REACHING = ['empty-places', 'measure', 'second-look'];

/** What builds a task: its index, and what the index leaves to files beside it. */
const ENTRIES = ['index', 'platform'];

/** Helpers directly in shared/ that know nothing of Firestore, HTTP or runs. */
const PLAIN = [
  'catalog',
  'clock',
  'concurrency',
  'cron',
  'dates',
  'environment',
  'errors',
  'log',
  'problems',
  'settings',
];

/** By layer: what it may import to run, and what besides as types only. `own` is the task's own folder. */
const MAY_IMPORT: Record<string, { value: string[]; type?: string[] }> = {
  model: { value: ['model', 'dates'] },
  ...Object.fromEntries(PLAIN.map((name) => [name, { value: [...PLAIN, 'model', 'data'] }])),
  dates: { value: [] },
  store: { value: ['store', 'model', ...PLAIN] },
  cloud: { value: ['cloud', 'model', ...PLAIN] },
  run: { value: ['run', 'run/task', 'model', ...PLAIN], type: ['store', 'cloud'] },
  'run/task': { value: ['model', ...PLAIN] },
  http: { value: ['http', 'run', 'run/task', 'model', ...PLAIN] },
  // What index.ts of every task builds, built once.
  start: { value: ['store', 'cloud', 'model', ...PLAIN] },
  entry: { value: ['own', 'start', 'http', 'store', 'cloud', 'model', ...PLAIN] },
  task: { value: ['own', 'model', 'errors', 'dates'], type: ['run/task', 'store', 'cloud'] },
  'input-output': {
    value: ['own', 'model', 'errors', 'dates', 'concurrency'],
    type: ['run/task', 'store', 'cloud', 'log'],
  },
  pure: { value: ['own pure', 'model', 'dates'], type: ['own'] },
};

/** Every package that functions/ may use: by which layers, and by which only for its types. */
const PACKAGES: Record<string, { value: string[]; type?: string[] }> = {
  '@jmespath-community/jmespath': { value: ['model'] },
  zod: { value: ['model', 'store', 'cloud', 'pure', ...PLAIN], type: ['run/task', 'run'] },
  croner: { value: ['cron'] },
  cronstrue: { value: ['cron'] },
  leven: { value: ['problems'] },
  '@google-cloud/firestore': { value: ['store'], type: ['run/task', 'run', 'task', 'input-output'] },
  '@google-cloud/functions-framework': { value: ['entry'], type: ['http'] },
  '@google-cloud/scheduler': { value: ['cloud'] },
  '@google-cloud/storage': { value: ['cloud'] },
  '@google-cloud/logging': { value: ['cloud'] },
  'google-auth-library': { value: ['cloud'] },
};

/** Layers that must give the same answer on any machine at any time. */
export const TIMELESS = ['model', 'pure', 'dates'];

/** The layer of a file below functions/. */
export function layerOf({ path, imports }: SourceFile): string {
  const [, folder = '', ...rest] = path.split('/');
  const name = rest.at(-1)?.replace(/\.ts$/, '') ?? '';
  if (folder === 'shared') {
    if (rest.length === 1) return name;
    return path === 'functions/shared/run/task.ts' ? 'run/task' : (rest[0] as string);
  }
  if (rest.length === 0) return 'data';
  if (ENTRIES.includes(name)) return 'entry';
  if (name === 'task') return 'task';
  const doesInputOutput =
    REACHING.includes(name) || imports.some(({ to }) => /^functions\/shared\/(run|store|cloud)\//.test(to));
  return doesInputOutput && !DECIDING.includes(name) ? 'input-output' : 'pure';
}

/** Why `file` may not import `it`; `undefined` when it may. */
export function complaint(
  file: SourceFile,
  it: Import,
  files: ReadonlyMap<string, SourceFile>,
): string | undefined {
  const layer = layerOf(file);
  const as = it.type ? 'type' : 'value';
  const say = (why: string) =>
    `${file.path} (${layer}) imports ${it.type ? 'types of ' : ''}${it.to}: ${why}`;
  // A hash is arithmetic; whatever else Node offers reaches out of the program.
  if (it.to === 'node:crypto' && it.clause === '{ hash }') return undefined;
  if (it.to.startsWith('node:')) return TIMELESS.includes(layer) ? say('it must be pure') : undefined;
  if (!it.to.startsWith('functions/')) {
    if (/^(scripts|test|infra)\//.test(it.to) || it.to.startsWith('..'))
      return say('functions/ stands alone');
    const places = PACKAGES[it.to];
    if (!places) return say('no layer has this package');
    if (!allows(places, as, [layer])) return say(`only ${words(places)}`);
    const passesOn = it.to === '@google-cloud/firestore' && layer !== 'store';
    return passesOn && it.clause !== '{ WriteBatch }' ? say('only WriteBatch is passed on') : undefined;
  }
  const rules = MAY_IMPORT[layer];
  if (!rules) return say('functions/ has no such layer');
  const target = files.get(it.to) ?? { path: it.to, text: '', code: '', imports: [] };
  const kinds = [layerOf(target)];
  const folder = (path: string) => path.split('/')[1];
  if (['task', 'input-output', 'pure', 'entry'].includes(kinds[0] as string)) {
    if (folder(target.path) !== folder(file.path)) return say('a task never imports another task');
    kinds.push('own', `own ${kinds[0]}`);
  }
  return allows(rules, as, kinds) ? undefined : say(`only ${words(rules)}`);
}

function allows(
  { value, type = [] }: { value: string[]; type?: string[] },
  as: 'value' | 'type',
  kinds: string[],
): boolean {
  return kinds.some((kind) => value.includes(kind) || (as === 'type' && type.includes(kind)));
}

function words({ value, type = [] }: { value: string[]; type?: string[] }): string {
  return `${value.join(', ') || 'nothing'}${type.length > 0 ? `; as types ${type.join(', ')}` : ''}`;
}
