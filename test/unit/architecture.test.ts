import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { build } from 'esbuild';
import { type Lock, nearest } from '../../scripts/build/lock.ts';
import { ROOT } from '../../scripts/shared/places.ts';
import { complaint, layerOf, roomsOf, scriptsComplaint, TIMELESS } from '../support/layers.ts';
import { brokenLinks, readmes } from '../support/readmes.ts';
import { SOAK_ONLY } from '../support/soak.ts';
import { cycleIn, filesBelow, loadedWith, type SourceFile, sourceFile } from '../support/source-files.ts';

const FUNCTIONS = filesBelow('functions');
const SCRIPTS = filesBelow('scripts');
const TESTS = filesBelow('test');
const ALL = [...FUNCTIONS, ...SCRIPTS, ...TESTS];

/** A path in the project as READMEs write it; variables of Terraform are the reader's own file. */
const NAMED_FILE = /(?<=`)(?:functions|infra|scripts|test)\/(?![\w./-]*tfvars)[\w./-]+(?=`)/g;

function holdsFor(files: SourceFile[], complaints: (file: SourceFile) => (string | undefined)[]): void {
  const found = files.flatMap(complaints).filter((it) => it !== undefined);
  assert.equal(found.length, 0, `\n${found.join('\n')}\n`);
}

function lacks(files: SourceFile[], pattern: RegExp, why: string): void {
  holdsFor(files, ({ path, code }) =>
    [...code.matchAll(pattern)].map(([text]) => `${path}: ${text}: ${why}`),
  );
}

describe('the reader of imports', () => {
  test('knows every form, and no comment or string for one', () => {
    const text = `
import './side-effect.ts';
import type { A } from './a.ts';
import {
  type B,
  c,
} from './b.ts';
export * from './d.ts';
export type { E } from './e.ts';
// import { f } from './f.ts';
/*
import { g } from './g.ts';
*/
const url = 'http://x'; const later = () => import('./h.ts');
`;
    assert.deepEqual(
      sourceFile('functions/x.ts', text).imports.map(({ to, type }) => [to, type ? 'type' : 'value']),
      [
        ['functions/side-effect.ts', 'value'],
        ['functions/a.ts', 'type'],
        ['functions/b.ts', 'value'],
        ['functions/d.ts', 'value'],
        ['functions/e.ts', 'type'],
        ['functions/h.ts', 'value'],
      ],
    );
  });

  test('sees in every file what esbuild sees', SOAK_ONLY, async () => {
    const { metafile } = await build({
      absWorkingDir: ROOT,
      entryPoints: [...FUNCTIONS, ...SCRIPTS].map(({ path }) => path),
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'node24',
      metafile: true,
      write: false,
      outdir: 'unused',
      logLevel: 'silent',
    });
    const local = (paths: string[]) =>
      [...new Set(paths.filter((path) => /^(functions|scripts)\//.test(path)))].sort();
    for (const { path, imports } of [...FUNCTIONS, ...SCRIPTS])
      assert.deepEqual(
        local(imports.filter(({ type }) => !type).map(({ to }) => to)),
        local((metafile.inputs[path]?.imports ?? []).map((it) => it.path)),
        path,
      );
  });
});

describe('imports', () => {
  const byPath = new Map(FUNCTIONS.map((file) => [file.path, file]));

  test('below functions/ each layer imports only what it may', () =>
    holdsFor(FUNCTIONS, (file) => file.imports.map((it) => complaint(file, it, byPath))));

  test('below scripts/ each folder imports only what it may', () =>
    holdsFor(SCRIPTS, (file) => file.imports.map((it) => scriptsComplaint(file, it))));

  test('of Google’s clients none is loaded with ops: a command loads what it needs', () => {
    const loaded = loadedWith('scripts/ops/program.ts', ALL);
    assert.ok(loaded.has('commander') && loaded.has('scripts/ops/health/command.ts'));
    const clients = [...loaded].filter(([to]) => /^(@google-cloud\/|google-)/.test(to));
    assert.deepEqual(clients, []);
  });

  test('of packages the page loads Preact and its signals alone: a schema there would cost more than all of its own code', () => {
    const loaded = [...loadedWith('functions/status/page/client/rest.tsx', ALL).keys()];
    const packages = loaded.filter((to) => !to.startsWith('functions/'));
    assert.deepEqual(packages.sort(), ['@preact/signals', 'preact']);
  });

  for (const [folder, files] of Object.entries({ functions: FUNCTIONS, scripts: SCRIPTS, test: TESTS }))
    test(`below ${folder}/ there is no cycle, not even of types`, () =>
      assert.equal(cycleIn(files)?.join(' -> '), undefined));

  test('below functions/ and scripts/ no way leads from a folder back into it', () =>
    assert.equal(cycleIn(roomsOf([...FUNCTIONS, ...SCRIPTS]))?.join(' -> '), undefined));
});

describe('below functions/', () => {
  test('only environment.ts reads the environment', () =>
    lacks(
      FUNCTIONS.filter(({ path }) => path !== 'functions/shared/environment.ts'),
      /process\.env|process\[|from 'node:process'/g,
      'use readEnvironment()',
    ));

  test('what decides asks no clock, no dice and no network', () =>
    lacks(
      FUNCTIONS.filter((file) => TIMELESS.includes(layerOf(file))),
      /Date\.now\(|new Date\(\)|performance\.|Math\.random|randomUUID|\bfetch\(|\bprocess\.|setTimeout/g,
      'take it as a parameter',
    ));

  test('nothing is exported by default', () =>
    lacks(FUNCTIONS, /^export default|\bas default\b/gm, 'name it'));
});

describe('everywhere', () => {
  test('no object literal is spread into another: it merges nothing, and hides mistyped keys from the compiler', () =>
    lacks(ALL, /\.\.\.\{(?!\s*\})/g, 'write its keys out'));

  test('every file that a README names exists', () =>
    assert.deepEqual(
      readmes().flatMap(({ path, text }) =>
        [...text.matchAll(NAMED_FILE)]
          .filter(([file]) => !existsSync(join(ROOT, file)))
          .map(([file]) => `${path} names ${file}`),
      ),
      [],
    ));

  test('every link of a README leads somewhere: to a file, and to a heading in it', () =>
    assert.deepEqual(readmes().flatMap(brokenLinks), []));
});

describe('sizes', () => {
  const limitOf = ({ path }: SourceFile) =>
    path.startsWith('test/') ? 500 : /^functions\/(?!shared\/)[^/]+\/index\.ts$/.test(path) ? 40 : 300;

  test('no file is longer than one can keep in mind', () =>
    holdsFor(ALL, (file) => {
      const lines = file.text.trimEnd().split('\n').length;
      return [
        lines > limitOf(file) ? `${file.path} has ${lines} lines, at most ${limitOf(file)}` : undefined,
      ];
    }));
});

describe('the top level', () => {
  test('has a README that a newcomer finishes', () => {
    const { text } = readmes().find(({ path }) => path === 'README.md') ?? { text: '' };
    assert.ok(text.trimEnd().split('\n').length <= 250);
  });

  test('holds what it must, dotfiles, and nothing else', (t) => {
    let tracked: string;
    try {
      tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
    } catch {
      // An unpacked archive cannot tell what belongs to the project from what was made in it.
      return t.skip('not a git checkout');
    }
    const top = new Set(tracked.split('\n').map((path) => path.split('/')[0] ?? ''));
    const files = ['package.json', 'package-lock.json', 'tsconfig.json', 'README.md', 'LICENSE'];
    const others = [...top].filter((name) => name && !name.startsWith('.') && !files.includes(name));
    const folders = ['functions', 'infra', 'scripts', 'test'];
    assert.deepEqual(
      others.filter((name) => !folders.includes(name)),
      [],
    );
  });

  test('has a lock that npm ci takes on any system: every package is in it, those of other systems too', () => {
    const lock: Lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
    const missing = Object.entries(lock.packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => !nearest(lock, path, name))
        .map((name) => `${path} needs ${name}`),
    );
    assert.deepEqual(missing, []);
  });
});
