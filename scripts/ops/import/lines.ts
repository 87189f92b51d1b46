import { OpsProblem } from '../problem.ts';

/** A line of a file, counted from 1, without its end. */
export interface Line {
  number: number;
  text: string;
}

/** No record may be longer: Firestore holds 1 MiB in a document. */
const LONGEST_LINE = 4 * 1024 * 1024;

/**
 * The lines of UTF-8 text as they arrive, ended by \n or \r\n, without a byte order mark. Node's readline would also
 * break at U+2028, which JSON text may hold.
 */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<Line> {
  let rest = '';
  let number = 0;
  const line = (text: string): Line => {
    number += 1;
    const withoutMark = number === 1 && text.startsWith('\ufeff') ? text.slice(1) : text;
    return { number, text: withoutMark.endsWith('\r') ? withoutMark.slice(0, -1) : withoutMark };
  };
  for await (const chunk of chunks) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) yield line(part);
    if (rest.length > LONGEST_LINE)
      throw new OpsProblem(`Cannot read line ${number + 1}: it is longer than ${LONGEST_LINE} characters`);
  }
  if (rest !== '') yield line(rest);
}
