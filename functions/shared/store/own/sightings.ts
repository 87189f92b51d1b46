import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { type Sighting, sightingSchema } from '../../model/job/sighting.ts';

/** Sightings as they are stored: tens of thousands, as compressed JSON in a few documents, which hold 1 MiB each. */

const PAGE_BYTES = 900_000;
/** A commit holds 10 MiB. */
const MOST_PAGES = 8;
/** So much JSON mostly fits into one page. */
const TEXT_BYTES = 4_000_000;

const listSchema = z.array(sightingSchema);

/** As many of the first `sightings` as fit, as pages, and how many did not. */
export function toPages(sightings: readonly Sighting[]): { pages: Buffer[]; left: number } {
  const pages: Buffer[] = [];
  let kept = 0;
  for (const texts of inRuns(z.encode(listSchema, [...sightings]).map((it) => JSON.stringify(it))))
    for (const { page, count } of compressed(texts)) {
      if (pages.length === MOST_PAGES) return { pages, left: sightings.length - kept };
      pages.push(page);
      kept += count;
    }
  return { pages, left: 0 };
}

/** The sightings of a page. */
export function fromPage(page: Uint8Array): Sighting[] {
  return listSchema.parse(JSON.parse(gunzipSync(page).toString()));
}

/** In runs of about as many bytes as a page may hold. */
function inRuns(texts: readonly string[]): string[][] {
  const runs: string[][] = [];
  let left = 0;
  for (const text of texts) {
    if (left < text.length) {
      runs.push([]);
      left = TEXT_BYTES;
    }
    left -= text.length;
    runs.at(-1)?.push(text);
  }
  return runs;
}

/** In halves, where they do not fit into one page. */
function compressed(texts: readonly string[]): { page: Buffer; count: number }[] {
  const page = gzipSync(`[${texts.join(',')}]`);
  if (page.length <= PAGE_BYTES || texts.length === 1) return [{ page, count: texts.length }];
  const half = Math.ceil(texts.length / 2);
  return [...compressed(texts.slice(0, half)), ...compressed(texts.slice(half))];
}
