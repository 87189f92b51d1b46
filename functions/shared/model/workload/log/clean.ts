/** Takes from text what a terminal needs and a reader does not. Every pattern here is bounded: logs are hostile text. */

/** More of a line is not looked at. */
export const LONGEST_LINE = 4_096;
/** Redrawings of a progress bar that are looked through. */
const MOST_REDRAWINGS = 50;

const ODD = /[^ -~\t]/;
const COLOURS = /\p{Cc}\[[\d;:?<=>]{0,60}[@-~]/gu;
/** Titles and links: `ESC ] 8 ; ; address ESC \`. */
const TITLES = /\p{Cc}\][^\p{Cc}]{0,4096}(?:\p{Cc}\\?)?/gu;
const INVISIBLE = /(?!\t)[\p{Cc}\p{Cf}\ufffd]/gu;
const BAR = /^[^|]{0,120}?\d{1,3}%\|[^|]{0,300}\|[^\][|]{0,80}(?:\[[^\][]{0,120}\]?)?/;

/** One physical line as the lines that a person saw: without control codes, a bar that was drawn again and again once. */
export function cleanLines(text: string): string[] {
  const cut = text.length > LONGEST_LINE ? cutAtWord(text) : text;
  if (!ODD.test(cut)) return [cut];
  const drawn = cut
    .toWellFormed()
    .replace(COLOURS, '')
    .replace(TITLES, '')
    .split('\r')
    .slice(-MOST_REDRAWINGS)
    .map((part) => part.replace(INVISIBLE, '').trimEnd())
    .filter((part) => part !== '');
  if (drawn.length < 2) return [drawn[0] ?? ''];
  // Whatever a bar was drawn over, such as the first line of a traceback, is kept; of the bar only how it stood last.
  return drawn.filter((part, at) => at === drawn.length - 1 || !BAR.test(part));
}

/** What follows on a progress bar in one line; all of `text` where there is none. */
export function behindBar(text: string): string {
  if (!text.includes('%|')) return text;
  const [bar] = BAR.exec(text) ?? [''];
  const rest = text.slice(bar.length).trimStart();
  return rest === '' ? text : rest;
}

/** Cuts at a blank where there is one, so that no half of a secret stays that nobody would know for one. */
function cutAtWord(text: string): string {
  const cut = text.slice(0, LONGEST_LINE);
  const blank = cut.lastIndexOf(' ');
  return blank > LONGEST_LINE / 2 ? cut.slice(0, blank) : cut;
}
