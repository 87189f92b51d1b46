import { isUtf8 } from 'node:buffer';

/** A line of a file, counted from 1, without its end; `reason` where it is too long to be kept. */
export type Line = { number: number; text: string } | { number: number; reason: string };

/** A file that is not UTF-8. */
export class NotUtf8 extends Error {
  /** What it looks like, by the name that `iconv` knows; `undefined` where it is no text at all. */
  readonly encoding: string | undefined;
  constructor(what: string, encoding?: string) {
    super(what);
    this.encoding = encoding;
  }
}

/** No record can be as long: Firestore holds 1 MiB in a document, and a row says little more. */
const LONGEST_LINE = 16 * 1024 * 1024;
const LINE_FEED = 0x0a;

/**
 * The lines of UTF-8 text as its bytes arrive, ended by \n or \r\n, without a byte order mark. A line that is too long is
 * skipped. Node's readline would also break at U+2028, which JSON text may hold. Throws NotUtf8.
 */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  longest: number = LONGEST_LINE,
): AsyncGenerator<Line> {
  let number = 0;
  let rest: Buffer[] = [];
  let restBytes = 0;
  /** Whether the line under way was too long; what is still to come of it is thrown away. */
  let isTooLong = false;
  const tooLong = (): Line => ({ number: ++number, reason: `it is longer than ${longest} bytes` });

  for await (const chunk of chunks) {
    if (number === 0 && restBytes === 0) refuseUtf16(chunk);
    const end = chunk.lastIndexOf(LINE_FEED);
    if (end === -1) {
      keep(chunk);
      continue;
    }
    let begin = 0;
    if (isTooLong) {
      yield tooLong();
      begin = chunk.indexOf(LINE_FEED) + 1;
    }
    const block = Buffer.concat([...rest, chunk.subarray(begin, end + 1)]);
    rest = [];
    restBytes = 0;
    isTooLong = false;
    if (block.length > 0) yield* linesIn(block.subarray(0, -1));
    keep(chunk.subarray(end + 1));
  }
  if (isTooLong) yield tooLong();
  else if (restBytes > 0) yield* linesIn(Buffer.concat(rest));

  function keep(bytes: Buffer): void {
    if (isTooLong) return;
    rest.push(bytes);
    restBytes += bytes.length;
    isTooLong = restBytes > longest;
    if (!isTooLong) return;
    rest = [];
    restBytes = 0;
  }

  function* linesIn(block: Buffer): Generator<Line> {
    if (!isUtf8(block)) {
      if (block.includes(0)) throw new NotUtf8('it is no text');
      throw new NotUtf8(`line ${number + firstBadLine(block)} is not UTF-8`, 'WINDOWS-1252');
    }
    for (const text of block.toString('utf8').split('\n')) {
      number += 1;
      const withoutMark = number === 1 && text.startsWith('\ufeff') ? text.slice(1) : text;
      yield {
        number,
        text: withoutMark.endsWith('\r') ? withoutMark.slice(0, -1) : withoutMark,
      };
    }
  }
}

function firstBadLine(block: Buffer): number {
  let number = 1;
  for (let begin = 0, end = 0; end !== -1; begin = end + 1, number += 1) {
    end = block.indexOf(LINE_FEED, begin);
    if (!isUtf8(block.subarray(begin, end === -1 ? undefined : end))) break;
  }
  return number;
}

/** By its byte order mark, or by the zero bytes that hardly any text in UTF-8 holds. */
function refuseUtf16(start: Buffer): void {
  const [first, second, third, fourth] = start;
  const isMarked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const encoding = isMarked
    ? third === 0 && fourth === 0
      ? 'UTF-32'
      : 'UTF-16'
    : first !== 0 && second === 0
      ? 'UTF-16LE'
      : first === 0 && second !== 0
        ? 'UTF-16BE'
        : undefined;
  if (encoding !== undefined) throw new NotUtf8(`it is ${encoding}`, encoding);
}
