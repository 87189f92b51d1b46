import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { PAGE_FILE, type PackedAsset } from '../../../functions/status/page/assets.ts';
import { ROOT } from '../../shared/places.ts';
import { type Bundled, checkSize, type PageSize } from './size.ts';

const PAGE = join(ROOT, 'functions/status/page');
const IMMUTABLE = 'public, max-age=31536000, immutable';

/** The built page: its files by path, and how large script and style are. */
export interface BuiltPage {
  assets: Record<string, PackedAsset>;
  size: PageSize;
}

/** Builds the page: one script, one style, one icon with a hash in their names, and the document that names them. */
export async function buildPage(): Promise<BuiltPage> {
  const [script, style] = await Promise.all([
    bundled('client/main.tsx', { format: 'esm', jsx: 'automatic', jsxImportSource: 'preact' }),
    bundled('style/page.css', {}),
  ]);
  const icon = readFileSync(join(PAGE, 'icon.svg'));
  const files = {
    script: named('page', 'js', script.text),
    style: named('page', 'css', style.text),
    icon: named('icon', 'svg', icon),
  };
  const document = readFileSync(join(PAGE, 'index.html'), 'utf8').replace(
    /\{(script|style|icon)\}/g,
    (_, name: keyof typeof files) => files[name],
  );
  const assets = {
    '/': packed('text/html; charset=utf-8', document, 'no-cache'),
    [`/${files.script}`]: packed('text/javascript; charset=utf-8', script.text, IMMUTABLE),
    [`/${files.style}`]: packed('text/css; charset=utf-8', style.text, IMMUTABLE),
    [`/${files.icon}`]: packed('image/svg+xml', icon, IMMUTABLE),
  };
  return { assets, size: checkSize(script, style) };
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

async function bundled(entry: string, options: BuildOptions): Promise<Bundled> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: PAGE,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    // Those that know `light-dark()`.
    target: ['es2022', 'chrome123', 'firefox121', 'safari17.5'],
    legalComments: 'none',
    metafile: true,
    write: false,
    outdir: 'unused',
    logLevel: 'silent',
    ...options,
  });
  return { text: outputFiles?.[0]?.text ?? '', metafile: metafile as Metafile };
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
