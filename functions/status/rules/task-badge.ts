import type { HealthState } from '../../shared/model/run/health-state.ts';

/** A badge for a README or another dashboard: one word about one task. */

/** What a badge says; `unknown` also where its data are too old to say anything. */
export type BadgeWord = HealthState;

const COLORS: Record<BadgeWord, string> = {
  disabled: '#6b7280',
  stuck: '#b42318',
  failing: '#b42318',
  late: '#a15c07',
  degraded: '#a15c07',
  running: '#175cd3',
  new: '#6b7280',
  ok: '#067647',
  unknown: '#6b7280',
};
/** The states that a reader has to do something about. */
const ERRORS: readonly BadgeWord[] = ['stuck', 'failing', 'late', 'unknown'];

/** Data of this age say nothing about now. */
const STALE_MS = 60_000;

/** The word of a badge at `now`, from data that were read at `readAt`: never green by age. */
export function badgeWord(state: HealthState, readAt: Date, now: Date): BadgeWord {
  return Math.abs(now.getTime() - readAt.getTime()) > STALE_MS ? 'unknown' : state;
}

/** What shields.io takes as an endpoint. */
export interface BadgeEndpoint {
  schemaVersion: 1;
  label: string;
  message: string;
  color: string;
  isError: boolean;
}

export function badgeJson(label: string, word: BadgeWord): BadgeEndpoint {
  return { schemaVersion: 1, label, message: word, color: COLORS[word], isError: ERRORS.includes(word) };
}

const HEIGHT = 20;
const PADDING = 6;
/** Wide enough for most letters of 11 px; the text is stretched to fit. */
const LETTER = 6.6;

/** The badge as an image, which names what it says to whoever cannot see it. */
export function badgeSvg(label: string, word: BadgeWord): string {
  const left = widthOf(label);
  const right = widthOf(word);
  const text = (words: string, x: number, width: number) =>
    `<text x="${x + width / 2}" y="14" textLength="${width - 2 * PADDING}">${escaped(words)}</text>`;
  const title = `${escaped(label)}: ${word}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="${HEIGHT}" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    `<rect width="${left}" height="${HEIGHT}" fill="#374151"/>`,
    `<rect x="${left}" width="${right}" height="${HEIGHT}" fill="${COLORS[word]}"/>`,
    '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">',
    `${text(label, 0, left)}${text(word, left, right)}</g></svg>`,
  ].join('');
}

function widthOf(words: string): number {
  return Math.round(words.length * LETTER) + 2 * PADDING;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
