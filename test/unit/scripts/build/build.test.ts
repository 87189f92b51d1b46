import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Metafile } from 'esbuild';
import catalog from '../../../../functions/catalog.json' with { type: 'json' };
import settings from '../../../../functions/settings.json' with { type: 'json' };
import { bundle } from '../../../../scripts/build/bundle.ts';
import { type Lock, lockOf } from '../../../../scripts/build/lock.ts';
import { buildFunction } from '../../../../scripts/build/main.ts';
import { REPORTER } from '../../../../scripts/build/reporter.ts';
import { ROOT } from '../../../../scripts/shared/places.ts';
import {
  builtBundles,
  filesWithout,
  modulesEvaluated,
  packageFolderOf,
  packageOf,
  usersOf,
} from '../../../support/bundle.ts';
import { freshFile, freshFolder } from '../../../support/folders.ts';
import { serveFunction } from '../../../support/function-process.ts';
import { SOAK_ONLY } from '../../../support/soak.ts';

const FRAMEWORK = '@google-cloud/functions-framework';
/** What a function loads only once it needs it, and how large it may be with that. */
const LATER: Record<string, { brings: string[]; most: number; zipped: number }> = {
  'sweep-stale-jobs': {
    brings: ['logging', 'logging-api', 'common', 'scheduler'].map((it) => `@google-cloud/${it}`),
    most: 3_150_000,
    zipped: 755_000,
  },
  // It has the page inside, in three encodings: of its first view, and of what is loaded after that.
  status: {
    brings: ['logging', 'logging-api', 'common'].map((it) => `@google-cloud/${it}`),
    most: 3_260_000,
    zipped: 860_000,
  },
};
/** Beside an emulator, a function starts only with the addresses of stand-ins. */
const ALONE = { FIRESTORE_EMULATOR_HOST: '' };
let folder: string;
let dist: string;
before(async () => {
  folder = await builtBundles();
  dist = join(folder, 'dist');
});

function json<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(...path), 'utf8'));
}

describe('npm run build', () => {
  test('makes one folder per function of the catalogue, tells beside it what is inside, and the reporter', () => {
    const names = Object.keys(catalog);
    const files = names.flatMap((name) => [name, `${name}.meta.json`, `${name}.zip`]);
    assert.deepEqual(readdirSync(dist).sort(), [...files, 'built-from.json', REPORTER].sort());
  });

  test('makes of the reporter one file that needs Node alone', () => {
    const text = readFileSync(join(dist, REPORTER), 'utf8');
    const loaded = [...text.matchAll(/\b(?:require|import)\(([^)]*)/g)].map(([, name = '']) => name);
    assert.ok(loaded.length > 10 && loaded.every((name) => /^["']node:[\w/]+["']/.test(name)), loaded.join());
    assert.ok(text.length < 100_000 && statSync(join(dist, REPORTER)).mode & 0o100);
  });

  test('tells the catalogue and the settings that went into it', () => {
    const hashOf = (file: string) => hash('sha256', readFileSync(join(ROOT, 'functions', file)));
    assert.deepEqual(json(dist, 'built-from.json'), {
      'catalog.json': hashOf('catalog.json'),
      'settings.json': hashOf('settings.json'),
      longestGapSeconds: {
        'collect-metrics': 86_400,
        'cleanup-artifacts': 86_400,
        'prune-records': 86_400,
        'sweep-stale-jobs': 600,
        'observe-workloads': 300,
      },
    });
  });

  test('makes the same archive again of the same files', async () => {
    const again = freshFolder();
    await buildFunction('prune-records', again);
    const archiveIn = (built: string) => readFileSync(join(built, 'prune-records.zip'));
    assert.ok(archiveIn(again).equals(archiveIn(dist)));
  });

  for (const [task, entry] of Object.entries(catalog)) {
    const isService = 'kind' in entry;
    test(`deploys of ${task} the bundle and what installs the framework, and nothing else`, () => {
      assert.deepEqual(readdirSync(join(dist, task)).sort(), [
        'index.js',
        'package-lock.json',
        'package.json',
      ]);
      const { dependencies } = json<{ dependencies: Record<string, string> }>(ROOT, 'package.json');
      const manifest = json<Record<string, unknown>>(dist, task, 'package.json');
      assert.deepEqual(manifest.dependencies, { [FRAMEWORK]: dependencies[FRAMEWORK] });
      assert.equal(manifest.type, undefined, 'the bundle is CommonJS');
    });

    test(`packs of ${task} the very files of its folder, and nothing else`, async (t) => {
      const unpacked = join(freshFolder(), task);
      try {
        await promisify(execFile)('unzip', ['-q', join(dist, `${task}.zip`), '-d', unpacked]);
      } catch (error) {
        // Only another program than ours can prove an archive of ours; where there is none, nothing is proven.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return t.skip('there is no unzip here');
        throw error;
      }
      assert.deepEqual(readdirSync(unpacked).sort(), readdirSync(join(dist, task)).sort());
      for (const file of readdirSync(unpacked)) {
        assert.ok(readFileSync(join(unpacked, file)).equals(readFileSync(join(dist, task, file))), file);
        assert.equal(statSync(join(unpacked, file)).mode & 0o777, 0o644, file);
      }
    });

    test(`bundles of our files only those of ${task} and shared/`, () => {
      const files = Object.keys(json<Metafile>(dist, `${task}.meta.json`).inputs);
      const ours = files.filter((file) => !file.includes('node_modules/'));
      const own = new RegExp(`^functions/(${task}/|shared/|catalog\\.json$|settings\\.json$)`);
      assert.deepEqual(
        ours.filter((file) => !own.test(file)),
        [],
      );
    });

    test(`bundles no second framework into ${task}, no other language and no unused protobuf classes`, () => {
      const files = Object.keys(json<Metafile>(dist, `${task}.meta.json`).inputs);
      const unwanted =
        /\/node_modules\/(@google-cloud\/functions-framework|express)\/|\/zod\/v4\/locales\/(?!index|en\.js)/;
      assert.deepEqual(
        files.filter((file) => unwanted.test(file)),
        [],
      );
      const { size } = statSync(join(dist, task, 'index.js'));
      // Each checks the settings, and with them their JMESPaths: 70 KB of its library.
      const { most = 2_830_000, zipped = 700_000 } = LATER[task] ?? {};
      assert.ok(size < most, `${size} bytes; a cold start reads them all`);
      const archive = statSync(join(dist, `${task}.zip`)).size;
      assert.ok(archive < zipped, `${archive} bytes`);
    });

    test(`bundles of gRPC into ${task} what Firestore brings, once, and no other service's client`, () => {
      const { inputs } = json<Metafile>(dist, `${task}.meta.json`);
      const files = Object.keys(inputs);
      const copies = files.map(packageFolderOf).filter((path) => path.endsWith('/@grpc/grpc-js'));
      assert.equal(new Set(copies).size, 1, [...new Set(copies)].join());
      const firestore = ['@google-cloud/firestore', '@google-cloud/firestore-api'];
      const { brings = [] } = LATER[task] ?? {};
      assert.deepEqual(usersOf('@grpc/grpc-js', inputs), ['google-gax']);
      const users = usersOf('google-gax', inputs);
      assert.deepEqual(
        users.filter((name) => !brings.includes(name)),
        firestore,
      );

      // Cloud Storage's client speaks HTTP; the others are its helpers.
      const storage = ['storage', 'paginator', 'projectify', 'promisify'].map((it) => `@google-cloud/${it}`);
      const known = [...firestore, ...storage, ...brings];
      const packages = files.map(packageOf).filter((name) => name.startsWith('@google-cloud/'));
      assert.deepEqual(
        packages.filter((name) => !known.includes(name)),
        [],
      );
      const messages = files.filter((file) => /_pb\.c?js$|\/protos?\/.*\.(js|json|proto)$/.test(file));
      const told = [...new Set(messages.map(packageOf))].filter((name) => !brings.includes(name));
      assert.deepEqual(told.sort(), [...firestore, 'google-gax']);
    });

    test(`keeps in ${task} the names that a stack will tell, on lines that can be printed`, () => {
      const code = readFileSync(join(dist, task, 'index.js'), 'utf8');
      assert.match(code, isService ? /function startService\(/ : /function startFunction\(/);
      assert.ok(Math.max(...code.split('\n').map((line) => line.length)) < 5_000);
    });

    // All of them are served and asked by test/e2e/sample.test.ts; here one shows what a bundle refuses.
    const how = task === 'collect-metrics' ? {} : SOAK_ONLY;
    test(`makes a ${task} that the framework serves`, how, async (t) => {
      const served = await serveFunction(join(dist, task), entry.entryPoint, ALONE);
      t.after(() => served.stop());
      // What nobody understands, and every change asked of what only reads, is refused before Firestore is asked for anything.
      assert.equal((await served.post({ dat: 1 })).status, task === 'status' ? 405 : 400);
    });
  }
});

describe('the start of collect-metrics', () => {
  test('evaluates nothing that only Cloud Storage needs, even where its buckets are counted', async () => {
    const metrics = { storage: {}, bigquery: {}, cloudRun: {}, database: { cloudSql: true } };
    const evaluated = await modulesEvaluated(join(dist, 'collect-metrics'), {
      ...ALONE,
      NIGHTSHIFT_SETTINGS: freshFile('settings.json', JSON.stringify({ ...settings, metrics })),
    });
    const { inputs } = json<Metafile>(dist, 'collect-metrics.meta.json');
    const others = filesWithout('@google-cloud/storage', 'functions/collect-metrics/index.ts', inputs);
    const ofStorage = [...evaluated].filter(([path]) => path in inputs && !others.has(path));
    // Both kinds are seen at all: modules that are evaluated, and those of Cloud Storage.
    const evaluates = (end: string) => [...evaluated].find(([path]) => path.endsWith(end))?.[1];
    assert.equal(evaluates('/@google-cloud/firestore/build/src/index.js'), true);
    assert.equal(evaluates('/@google-cloud/storage/build/esm/src/storage.js'), false);
    assert.deepEqual(
      ofStorage.filter(([, isEvaluated]) => isEvaluated),
      [],
    );
  });
});

describe('the lock of a function', () => {
  test('has every package that the framework needs, as our own lock has it, and none else', () => {
    const ours = json<Lock>(ROOT, 'package-lock.json');
    const { '': root, ...locked } = json<Lock>(
      dist,
      Object.keys(catalog)[0] as string,
      'package-lock.json',
    ).packages;
    assert.deepEqual(Object.keys(root?.dependencies ?? {}), [FRAMEWORK]);
    for (const [path, entry] of Object.entries(locked)) assert.deepEqual(entry, ours.packages[path], path);
    assert.ok(
      locked['node_modules/express'] && !locked['node_modules/zod'] && !locked['node_modules/esbuild'],
    );
  });

  const manifest = {
    name: 'f',
    version: '1',
    private: true,
    main: '',
    engines: { node: '' },
    dependencies: { a: '1' },
  } as const;
  const lock = (packages: Lock['packages']) => lockOf(manifest, { lockfileVersion: 3, packages }) as Lock;

  test('finds a package where Node would: in the nearest node_modules', () => {
    const { packages } = lock({
      'node_modules/a': { dependencies: { b: '2', c: '1' } },
      'node_modules/a/node_modules/b': { dependencies: { c: '1' } },
      'node_modules/b': {},
      'node_modules/c': {
        optionalDependencies: { 'not-for-this-system': '1' },
        peerDependencies: { d: '1' },
      },
      'node_modules/d': {},
      'node_modules/unused': {},
    });
    const paths = ['', 'node_modules/a', 'node_modules/a/node_modules/b', 'node_modules/c', 'node_modules/d'];
    assert.deepEqual(Object.keys(packages), paths);
  });

  test('cannot be made of a lock that lacks something', () =>
    assert.throws(() => lock({ 'node_modules/a': { dependencies: { b: '1' } } }), {
      message: 'Cannot lock f: package-lock.json has no b. Run: npm install',
    }));
});

describe('what is left out of a bundle', () => {
  const uses = [
    {
      what: '@google-cloud/firestore-api/build/protos/protos.js.google.firestore.v1.Value.fromObject',
      imports: "{ protos } from '@google-cloud/firestore'",
      use: 'protos.google.firestore.v1.Value.fromObject({})',
    },
    {
      what: '@google-cloud/storage/build/esm/src/transfer-manager.js.TransferManager',
      imports: "{ TransferManager } from '@google-cloud/storage'",
      use: 'new TransferManager()',
    },
  ];
  test('says so when it is used after all', async () => {
    const user = join(folder, 'user');
    mkdirSync(user);
    const lines = [
      ...uses.map(({ imports }) => `import ${imports};`),
      'const tell = ({ message }) => console.log(message);',
      ...uses.map(({ use }) => `try { ${use} } catch (error) { tell(error) }`),
    ];
    writeFileSync(join(user, 'index.ts'), lines.join('\n'));
    await bundle(join(user, 'index.ts'), 'user', join(user, 'built'));
    const { stdout } = await promisify(execFile)(process.execPath, [join(user, 'built/index.js')]);
    const told = uses.map(
      ({ what }) => `Cannot use ${what}: scripts/build/leave-out.ts left it out of the bundle\n`,
    );
    assert.equal(stdout, told.join(''));
  });
});
