import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { buildPage } from '../../../../scripts/build/page/page.ts';
import { checkSize, MOST_BYTES } from '../../../../scripts/build/page/size.ts';

describe('the build of the page', () => {
  test('gives a document that names script, style and icon by their hashes, each compressed ahead', async () => {
    const { assets, size } = await buildPage();
    const [document, ...others] = Object.keys(assets);
    assert.equal(document, '/');
    const html = Buffer.from(assets['/']?.body ?? '', 'base64').toString();
    for (const path of others) {
      assert.match(path, /^\/assets\/(page|icon)-[0-9a-f]{10}\.(js|css|svg)$/);
      assert.ok(html.includes(`"${path.slice(1)}"`), `${path} is not named`);
      assert.match(assets[path]?.cacheControl ?? '', /immutable/);
    }
    assert.equal(assets['/']?.cacheControl, 'no-cache');
    for (const [path, { body, br, gzip }] of Object.entries(assets)) {
      const [plain, brotli, zipped] = [body, br, gzip].map((text) => Buffer.from(text, 'base64'));
      assert.deepEqual(brotliDecompressSync(brotli as Buffer), plain, path);
      assert.deepEqual(gunzipSync(zipped as Buffer), plain, path);
    }
    assert.doesNotMatch(html, /<script>|<style|style=|\son\w+=/, 'the policy lets nothing inline through');
    assert.ok(size.script + size.style <= MOST_BYTES, size.lines.join('\n'));
  });

  test('fails where script and style are too large, with the bytes of each package', () => {
    const inputs = {
      'node_modules/preact/a.js': { bytesInOutput: 700 },
      'client/b.ts': { bytesInOutput: 300 },
    };
    const output = { bytes: 1000, inputs, imports: [], exports: [] };
    const script = { text: 'x'.repeat(1000), metafile: { inputs: {}, outputs: { 'page.js': output } } };
    const style = { text: 'y', metafile: { inputs: {}, outputs: {} } };
    assert.throws(
      () => checkSize(script, style, 20),
      /too large\n.*at most 20 together\n +700 {2}preact.*\n +300 {2}nightshift/,
    );
    assert.ok(checkSize(script, style, 100).script < 100);
  });
});
