import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { type BuiltPage, buildPage } from '../../../../scripts/build/page/page.ts';
import { checkSize, MOST_BYTES } from '../../../../scripts/build/page/size.ts';

describe('the build of the page', () => {
  let page: BuiltPage;
  const textOf = (path: string) => Buffer.from(page.assets[path]?.body ?? '', 'base64').toString();
  before(async () => {
    page = await buildPage();
  });

  test('gives a document that names scripts, styles and icon by their hashes, each compressed ahead', () => {
    const { assets, size } = page;
    const [document, ...others] = Object.keys(assets);
    assert.equal(document, '/');
    const html = textOf('/');
    assert.equal(others.length, 5);
    for (const path of others) {
      assert.match(path, /^\/assets\/(page|rest|icon)-(?:[0-9a-f]{10}|[0-9A-Z]{8})\.(js|css|svg)$/);
      assert.ok(html.includes(`"${path.slice(1)}"`), `${path} is not named`);
      assert.match(assets[path]?.cacheControl ?? '', /immutable/);
    }
    assert.equal(assets['/']?.cacheControl, 'no-cache');
    for (const [path, { body, br, gzip }] of Object.entries(assets)) {
      const [plain, brotli, zipped] = [body, br, gzip].map((text) => Buffer.from(text, 'base64'));
      assert.deepEqual(brotliDecompressSync(brotli as Buffer), plain, path);
      assert.deepEqual(gunzipSync(zipped as Buffer), plain, path);
    }
    assert.doesNotMatch(html, /<script>|<style|\sstyle=|\son\w+=/, 'the policy lets nothing inline through');
    assert.ok(size.script + size.style <= MOST_BYTES, size.lines.join('\n'));
  });

  test('lets the first view load one script, which the rest shares with it', () => {
    const [first, rest] = ['page', 'rest'].map((name) =>
      Object.keys(page.assets).find((path) => path.startsWith(`/assets/${name}-`) && path.endsWith('.js')),
    ) as [string, string];
    assert.match(textOf('/'), new RegExp(`<script type="module" src="${first.slice(1)}">`));
    assert.doesNotMatch(textOf('/'), /<(script|link)[^>]+rest-/);
    assert.doesNotMatch(
      textOf(first),
      /(?:^|[;}])import\s*["{*]/,
      'it would have to wait for another script',
    );
    const imported = [...textOf(rest).matchAll(/(?:from|import)"([^"]+)"/g)].map(([, path]) => path);
    assert.deepEqual([...new Set(imported)], [`./${first.split('/').at(-1)}`]);
  });

  test('fails where either part is too large, with the bytes of each package', () => {
    const script = (text: string, inputs = {}) => ({ name: 'page.js', text, inputs });
    const first = script('x'.repeat(1000), {
      'node_modules/preact/a.js': { bytesInOutput: 700 },
      'client/b.ts': { bytesInOutput: 300 },
    });
    const parts = { first, style: 'y', rest: script('z'.repeat(9)), restStyle: 'y' };
    assert.throws(
      () => checkSize(parts, 20),
      /too large\n.*at most 20 together\n +700 {2}preact.*\n +300 {2}nightshift/,
    );
    assert.throws(() => checkSize(parts, 100, 10), /too large\n(?:.*\n)*.*at most 10$/);
    assert.ok(checkSize(parts, 100).script < 100);
  });
});
