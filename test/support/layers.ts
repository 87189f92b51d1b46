import type { Import, SourceFile } from './source-files.ts';

/**
 * Who may import whom below functions/. A file belongs to one layer: a folder of shared/ or a
 * single file there, or by its role in a function's folder `entry`, `task`, `service`, `input-output` or `pure`.
 */

/** Folders of a task in which everything only decides, and the two files beside task.ts that do. */
const PURE_FOLDERS = ['rules', 'plan', 'api'];
const PURE_FILES = ['input', 'summary'];

/** What builds a function: its index, and the clients that the index leaves to a file beside it. */
const ENTRIES = ['index', 'clients'];

/** Helpers directly in shared/ that know nothing of Firestore, HTTP or runs. */
const PLAIN = [
  'catalog',
  'clock',
  'concurrency',
  'cron',
  'dates',
  'environment',
  'errors',
  'figures',
  'job-tokens',
  'log',
  'problems',
  'settings',
];

/** By layer: what it may import to run, and what besides as types only. `own` is the task's own folder. */
const MAY_IMPORT: Record<string, { value: string[]; type?: string[] }> = {
  model: { value: ['model', 'dates'] },
  ...Object.fromEntries(PLAIN.map((name) => [name, { value: [...PLAIN, 'model', 'data'] }])),
  dates: { value: [] },
  // Ours and the user's are apart: what looks after our own records cannot reach the user's.
  'store/firestore': { value: ['store/firestore', 'model', ...PLAIN] },
  'store/own': { value: ['store/own', 'store/firestore', 'model', ...PLAIN] },
  'store/sources': { value: ['store/sources', 'store/firestore', 'model', ...PLAIN] },
  'cloud/rest': { value: ['cloud/rest', 'model', ...PLAIN] },
  'cloud/storage': { value: ['cloud/storage', 'cloud/rest', 'model', ...PLAIN] },
  'cloud/backends': { value: ['cloud/backends', 'cloud/rest', 'model', ...PLAIN] },
  // The tables ask the same platforms as the backends, and read their words in the same way.
  'cloud/workloads': { value: ['cloud/workloads', 'cloud/backends', 'cloud/rest', 'model', ...PLAIN] },
  'cloud/monitoring': { value: ['cloud/monitoring', 'cloud/rest', 'model', ...PLAIN] },
  cloud: { value: ['cloud', 'model', ...PLAIN] },
  run: { value: ['run', 'run/task', 'model', ...PLAIN], type: ['store', 'cloud'] },
  'run/task': { value: ['model', ...PLAIN] },
  // What is true of a job, for whoever carries the verdict out and whoever shows it.
  truth: { value: ['truth', 'model', ...PLAIN], type: ['store', 'cloud'] },
  http: { value: ['http', 'run', 'run/task', 'model', ...PLAIN] },
  // What index.ts of every task builds, built once.
  start: { value: ['store', 'cloud', 'model', ...PLAIN] },
  entry: { value: ['own', 'start', 'http', 'truth', 'store', 'cloud', 'model', ...PLAIN] },
  task: { value: ['own', 'model', 'errors', 'dates'], type: ['run/task', 'store', 'cloud'] },
  service: {
    value: ['own', 'http', 'truth', 'model', 'errors', 'problems', 'dates', 'concurrency'],
    type: ['store', 'cloud', 'log', 'clock', 'catalog'],
  },
  'input-output': {
    value: ['own', 'truth', 'model', 'errors', 'dates', 'concurrency'],
    type: ['run/task', 'http', 'store', 'cloud', 'log', 'clock', 'problems'],
  },
  // What runs in a browser; of the API it knows the types alone.
  page: { value: ['own page', 'own pure', 'figures', 'dates', 'model'], type: ['own'] },
  pure: { value: ['own pure', 'model', 'dates'], type: ['own'] },
};

/** Every package that functions/ may use: by which layers, and by which only for its types. */
const PACKAGES: Record<string, { value: string[]; type?: string[] }> = {
  '@jmespath-community/jmespath': { value: ['model'] },
  zod: { value: ['model', 'store', 'cloud', 'pure', ...PLAIN], type: ['run/task', 'run', 'http', 'service'] },
  croner: { value: ['cron'] },
  cronstrue: { value: ['cron'] },
  leven: { value: ['problems'] },
  preact: { value: ['page'] },
  '@preact/signals': { value: ['page'] },
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
export function layerOf({ path }: SourceFile): string {
  const [, folder = '', ...rest] = path.split('/');
  const name = rest.at(-1)?.replace(/\.ts$/, '') ?? '';
  if (folder === 'shared') return sharedLayerOf(path, rest);
  if (rest.length === 0) return 'data';
  if (folder === 'status' && rest[0] === 'page' && rest[1] === 'client') return 'page';
  if (rest.length > 1) return PURE_FOLDERS.includes(rest[0] as string) ? 'pure' : 'input-output';
  if (ENTRIES.includes(name)) return 'entry';
  if (name === 'task' || name === 'service') return name;
  return PURE_FILES.includes(name) ? 'pure' : 'input-output';
}

function sharedLayerOf(path: string, [folder = '', room = '', ...rest]: string[]): string {
  if (room === '') return folder.replace(/\.ts$/, '');
  if (path === 'functions/shared/run/task.ts') return 'run/task';
  return ['store', 'cloud'].includes(folder) && rest.length > 0 ? `${folder}/${room}` : folder;
}

/** A layer, and the room around it. */
function withRoom(layer: string): string[] {
  return layer.includes('/') && layer !== 'run/task' ? [layer, layer.slice(0, layer.indexOf('/'))] : [layer];
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
    if (!allows(places, as, withRoom(layer))) return say(`only ${words(places)}`);
    const passesOn = it.to === '@google-cloud/firestore' && !layer.startsWith('store/');
    return passesOn && it.clause !== '{ WriteBatch }' ? say('only WriteBatch is passed on') : undefined;
  }
  const rules = MAY_IMPORT[layer];
  if (!rules) return say('functions/ has no such layer');
  const target = files.get(it.to) ?? { path: it.to, text: '', code: '', imports: [] };
  const kinds = withRoom(layerOf(target));
  const folder = (path: string) => path.split('/')[1];
  if (['task', 'service', 'input-output', 'pure', 'entry', 'page'].includes(kinds[0] as string)) {
    if (folder(target.path) !== folder(file.path)) return say('no function imports another one');
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

/** Which folders of scripts/ a folder there may import, besides functions/; all lead down. */
const SCRIPTS_IMPORT: Record<string, string[]> = {
  shared: [],
  words: ['shared'],
  build: ['shared'],
  // It becomes one file that runs without the project.
  report: [],
  stack: ['shared', 'words', 'build'],
  ops: ['shared', 'words', 'stack'],
  bench: ['shared', 'words', 'stack', 'build'],
};

/** Why `file`, below scripts/, may not import `it`; `undefined` when it may. */
export function scriptsComplaint({ path }: SourceFile, { to }: Import): string | undefined {
  const [, folder = ''] = path.split('/');
  if (folder === 'report' && !/^(node:|scripts\/report\/)/.test(to))
    return `${path} imports ${to}: the reporter needs Node alone`;
  if (/^(test|infra)\//.test(to))
    return `${path} imports ${to}: scripts/ stands without ${to.split('/')[0]}/`;
  const [top, target = ''] = to.split('/');
  if (top !== 'scripts' || target === folder) return undefined;
  const may = SCRIPTS_IMPORT[folder];
  if (!may) return `${path}: nothing says what scripts/${folder} may import`;
  return may.includes(target)
    ? undefined
    : `${path} imports ${to}: of scripts/ only ${may.join(', ') || 'itself'}`;
}

/** Folders whose files are the top of all that lies below them: each of those files is a room of its own. */
const TOPS =
  /^(?:functions\/[^/]+|functions\/shared\/(?:model|cloud|model\/job|cloud\/backends)|scripts\/(?:ops|stack|words|report))$/;

/** The rooms of all files, each with the imports of every file in it. */
export function roomsOf(files: readonly SourceFile[]): SourceFile[] {
  const roomOf = (path: string) => {
    const folder = path.slice(0, path.lastIndexOf('/'));
    return TOPS.test(folder) ? path : folder;
  };
  const known = new Set(files.map(({ path }) => path));
  return [...Map.groupBy(files, ({ path }) => roomOf(path))].map(([room, members]) => {
    const imports = members
      .flatMap((member) => member.imports)
      .filter(({ to }) => known.has(to) && roomOf(to) !== room)
      .map((it) => ({ ...it, to: roomOf(it.to) }));
    return { path: room, text: '', code: '', imports };
  });
}
