import { readFileSync } from 'node:fs';

/** A file of the page as it is served: compressed ahead, for a function has little processor time to spend on it. */
export interface Asset {
  contentType: string;
  body: Uint8Array;
  /** The same content by its `content-encoding`. */
  encodings: Record<'br' | 'gzip', Uint8Array>;
  /** A name with a hash in it never changes its content; the document that names them is asked for anew each time. */
  cacheControl: string;
}

/** The page's files by their paths below the service's root; `/` is the document. */
export type Assets = ReadonlyMap<string, Asset>;

/** An asset as the build writes it down, its bytes in base64. */
export interface PackedAsset {
  contentType: string;
  cacheControl: string;
  body: string;
  br: string;
  gzip: string;
}

/** Put in by the build of a function, which is deployed as one file; absent where the source itself runs. */
declare const BUILT_PAGE: Record<string, PackedAsset> | undefined;

/** Where `npm start` and `npm run build` leave the built page for what runs from source. */
export const PAGE_FILE = '.nightshift/page.json';

/** The page as it was built; throws when it was not. */
export function pageAssets(): Assets {
  const packed = typeof BUILT_PAGE === 'undefined' ? builtHere() : BUILT_PAGE;
  return new Map(Object.entries(packed).map(([path, asset]) => [path, unpacked(asset)]));
}

function unpacked({ contentType, cacheControl, body, br, gzip }: PackedAsset): Asset {
  const bytes = (text: string) => Buffer.from(text, 'base64');
  return {
    contentType,
    cacheControl,
    body: bytes(body),
    encodings: { br: bytes(br), gzip: bytes(gzip) },
  };
}

function builtHere(): Record<string, PackedAsset> {
  const file = new URL(`../../../${PAGE_FILE}`, import.meta.url);
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`Cannot serve the page: ${PAGE_FILE} cannot be read. Run: npm run build`, {
      cause: error,
    });
  }
}
