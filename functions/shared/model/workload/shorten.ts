/** The longest line that is shown of a reason. */
export const LONGEST_SHOWN = 160;

const ELLIPSIS = ' ... ';
/** Of a line that is cut, so much of what there is room for stands at its beginning. */
const HEAD = 0.8;
const LEAST_TAIL = 12;

/** `text` on one line and at most `most` characters long, cut in the middle: its first `head` characters stay, if they may. */
export function shorten(text: string, most: number = LONGEST_SHOWN, head = 0): string {
  const line = text.replace(/\s+/g, ' ').trim();
  if (line.length <= most) return line;
  const room = most - ELLIPSIS.length;
  const begin = Math.min(Math.max(head, Math.ceil(room * HEAD)), room - LEAST_TAIL);
  return `${line.slice(0, begin).trimEnd()}${ELLIPSIS}${line.slice(begin - room).trimStart()}`.toWellFormed();
}
