import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { PAGE_FILE, type PackedAsset } from '../../../functions/status/page/assets.ts';
import { ROOT } from '../../shared/places.ts';
import { bundleScripts, TARGET } from './scripts.ts';
import { checkSize, type PageSize } from './size.ts';

const PAGE = join(ROOT, 'functions/status/page');
const IMMUTABLE = 'public, max-age=31536000, immutable';

/** The built page: its files by path, and how large scripts and style are. */
export interface BuiltPage {
  assets: Record<string, PackedAsset>;
  size: PageSize;
}

/**
 * Builds the page: script and style of its first view, script and style of the rest, and an icon, each with a hash in its
 * name; and the document that names them.
 */
export async function buildPage(): Promise<BuiltPage> {
  const [{ first, rest }, style, restStyle] = await Promise.all([
    bundleScripts(PAGE),
    bundledStyle('style/page.css'),
    bundledStyle('style/rest.css'),
  ]);
  const icon = readFileSync(join(PAGE, 'icon.svg'));
  const files = {
    script: `assets/${first.name}`,
    'rest-script': `assets/${rest.name}`,
    style: named('page', 'css', style),
    'rest-style': named('rest', 'css', restStyle),
    icon: named('icon', 'svg', icon),
  };
  const document = readFileSync(join(PAGE, 'index.html'), 'utf8').replace(
    /\{(script|style|rest-script|rest-style|icon)\}/g,
    (_, name: keyof typeof files) => files[name],
  );
  const assets = {
    '/': packed('text/html; charset=utf-8', document, 'no-cache'),
    [`/${files.script}`]: packed('text/javascript; charset=utf-8', first.text, IMMUTABLE),
    [`/${files['rest-script']}`]: packed('text/javascript; charset=utf-8', rest.text, IMMUTABLE),
    [`/${files.style}`]: packed('text/css; charset=utf-8', style, IMMUTABLE),
    [`/${files['rest-style']}`]: packed('text/css; charset=utf-8', restStyle, IMMUTABLE),
    [`/${files.icon}`]: packed('image/svg+xml', icon, IMMUTABLE),
  };
  return { assets, size: checkSize({ first, style, rest, restStyle }) };
}

/** Builds the page to where `pageAssets` finds it from source, whole at every moment: another stack may be starting, too. */
export async function writePage(): Promise<BuiltPage> {
  const page = await buildPage();
  const file = join(ROOT, PAGE_FILE);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(page.assets));
  renameSync(`${file}.${process.pid}`, file);
  return page;
}

async function bundledStyle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: PAGE,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    target: TARGET,
    write: false,
    outdir: 'unused',
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

function named(name: string, extension: string, content: string | Buffer): string {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 10);
  return `assets/${name}-${hash}.${extension}`;
}

function packed(contentType: string, content: string | Buffer, cacheControl: string): PackedAsset {
  const bytes = Buffer.from(content);
  const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  const [body, brotli, gzip] = [bytes, br, gzipSync(bytes, { level: 9 })].map((it) => it.toString('base64'));
  return { contentType, cacheControl, body: body ?? '', br: brotli ?? '', gzip: gzip ?? '' };
}
