/** A line of a text, counted from 1, without its end. */
export interface TextLine {
  number: number;
  text: string;
  /** It was longer than is kept. */
  cut: boolean;
}

const LINE_FEED = 0x0a;

/**
 * The lines of a text as its bytes arrive, those of a chunk together, each at most `longest` bytes. Bytes that are no UTF-8
 * become U+FFFD: a log may hold any.
 */
export async function* textLines(
  chunks: AsyncIterable<Buffer | string>,
  longest: number,
): AsyncGenerator<TextLine[]> {
  let number = 0;
  let kept: Buffer[] = [];
  let bytes = 0;
  const keep = (part: Buffer) => {
    const room = longest - bytes;
    if (room > 0 && part.length > 0) kept.push(part.subarray(0, room));
    bytes += part.length;
  };
  const line = (): TextLine => {
    const [only] = kept;
    const text = kept.length === 1 && only ? only.toString('utf8') : Buffer.concat(kept).toString('utf8');
    const made = {
      number: ++number,
      text: text.endsWith('\r') ? text.slice(0, -1) : text,
      cut: bytes > longest,
    };
    kept = [];
    bytes = 0;
    return made;
  };
  for await (const chunk of chunks) {
    const buffer = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    const lines: TextLine[] = [];
    let begin = 0;
    for (let end = buffer.indexOf(LINE_FEED); end !== -1; end = buffer.indexOf(LINE_FEED, begin)) {
      keep(buffer.subarray(begin, end));
      lines.push(line());
      begin = end + 1;
    }
    keep(buffer.subarray(begin));
    yield lines;
  }
  if (bytes > 0) yield [line()];
}
