import { stripVTControlCharacters } from 'node:util';

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });
const PLAIN = /^[\u0020-\u007e]*$/;
/** Characters that take no column of their own: marks on others, joiners, and what steers the direction. */
const NONE = /^[\p{Mark}\p{Default_Ignorable_Code_Point}\p{Control}]+$/u;
/** What terminals draw two columns wide: the scripts of East Asia, their full-width forms, and emoji. */
const HALF = /^[\uff61-\uffdc\uffe8-\uffee]/u;
const WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Script=Yi}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;
const EMOJI =
  /^(\p{Emoji_Presentation}|\p{Regional_Indicator}{2}|\p{Extended_Pictographic}\ufe0f|[0-9#*]\ufe0f?\u20e3)/u;

/** How many columns of a terminal `text` takes; colours take none. */
export function columnsOf(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (PLAIN.test(plain)) return plain.length;
  let columns = 0;
  for (const { segment } of GRAPHEMES.segment(plain)) columns += columnsOfGrapheme(segment);
  return columns;
}

/** `text` cut to `limit` columns, saying so by an ellipsis; what is drawn as one character is never cut in two. */
export function cut(text: string, limit: number): string {
  if (columnsOf(text) <= limit) return text;
  const room = Math.max(0, limit - 1);
  let kept = '';
  let columns = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    columns += columnsOfGrapheme(segment);
    if (columns > room) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** `text` filled up to `columns` by blanks behind it, or before it where it is aligned right. */
export function padded(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, columns - columnsOf(text)));
  return align === 'right' ? fill + text : text + fill;
}

function columnsOfGrapheme(grapheme: string): number {
  if (NONE.test(grapheme)) return 0;
  if (EMOJI.test(grapheme)) return 2;
  return WIDE.test(grapheme) && !HALF.test(grapheme) ? 2 : 1;
}
