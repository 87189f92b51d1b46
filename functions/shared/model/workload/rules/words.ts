/**
 * Finds in a pattern the words of which any text that fits must hold one. With them one pass over a line tells which few of
 * many patterns are worth trying: a line of a log then costs about as much as it is long, whatever stands in it.
 */

/** Shorter words would be found everywhere. */
const SHORTEST = 3;

/** The words, in lower case; `null` for a pattern that some text without any of them fits. */
export function wordsOf({ source }: RegExp): readonly string[] | null {
  return readAlternatives({ source, at: 0 });
}

interface Reader {
  source: string;
  at: number;
}

/** Of every alternative its words: a text that fits has those of one of them. */
function readAlternatives(reader: Reader): readonly string[] | null {
  const all: (readonly string[] | null)[] = [];
  do {
    all.push(readSequence(reader));
  } while (reader.source[reader.at++] === '|');
  const words = all.filter((it) => it !== null);
  return words.length === all.length ? words.flat() : null;
}

/** Of all that a text must hold in a row, what is told best: the longest word. */
function readSequence(reader: Reader): readonly string[] | null {
  let best: readonly string[] | null = null;
  let run = '';
  const offer = (words: readonly string[] | null) => {
    if (words && shortest(words) >= SHORTEST && (!best || shortest(words) > shortest(best))) best = words;
  };
  while (reader.at < reader.source.length && !'|)'.includes(reader.source[reader.at] as string)) {
    const item = readItem(reader);
    const least = readQuantifier(reader);
    if (item.char !== undefined && least === null) {
      run += item.char;
      continue;
    }
    offer([run]);
    run = '';
    if (least !== 0 && item.char === undefined) offer(item.words);
  }
  offer([run]);
  return best;
}

/** Either one plain character, or whatever a group must hold; neither for a class, an anchor or a look-around. */
function readItem(reader: Reader): { char?: string; words: readonly string[] | null } {
  const { source } = reader;
  const char = source[reader.at++] as string;
  if (char === '(') {
    const [opening = ''] = /^\?(?:[:=!]|<[=!]|<\w+>)/.exec(source.slice(reader.at, reader.at + 40)) ?? [];
    reader.at += opening.length;
    const words = readAlternatives(reader);
    return { words: opening.includes('!') ? null : words };
  }
  if (char === '[') {
    while (source[reader.at] !== ']') reader.at += source[reader.at] === '\\' ? 2 : 1;
    reader.at += 1;
    return { words: null };
  }
  if (char === '\\') {
    const escaped = source[reader.at++] as string;
    if (/\w/.test(escaped)) {
      if (escaped === 'p') reader.at = source.indexOf('}', reader.at) + 1;
      return { words: null };
    }
    return { char: escaped, words: null };
  }
  return '.^$'.includes(char) ? { words: null } : { char: char.toLowerCase(), words: null };
}

/** How often at least what stands before it is repeated; `null` without a quantifier. */
function readQuantifier(reader: Reader): number | null {
  const rest = reader.source.slice(reader.at, reader.at + 20);
  const [whole, least] = /^(?:[*?]|\+|\{(\d+)(?:,\d*)?\})\??/.exec(rest) ?? [];
  if (whole === undefined) return null;
  reader.at += whole.length;
  return least === undefined ? (whole.startsWith('+') ? 1 : 0) : Number(least);
}

function shortest(words: readonly string[]): number {
  return Math.min(...words.map((word) => word.length));
}

/** Looks for many words at once. */
export interface WordIndex<T> {
  /** What belongs to any word in `text`, in the order in which it was given. */
  foundIn(text: string): readonly T[];
}

const TABLE = 2 ** 16;

/** An index of everything by its words; what has none is found in every text. */
export function wordIndex<T>(entries: readonly (readonly [T, readonly string[] | null])[]): WordIndex<T> {
  const always = entries.flatMap(([, words], at) => (words === null ? [at] : []));
  const places = new Map<number, { word: string; at: number }[]>();
  const isBegin = new Uint8Array(TABLE);
  for (const [at, [, words]] of entries.entries())
    for (const word of new Set(words ?? [])) {
      const key = keyAt(word, 0);
      isBegin[key] = 1;
      places.set(key, [...(places.get(key) ?? []), { word, at }]);
    }
  return {
    foundIn(given) {
      const text = given.toLowerCase();
      const found = new Set(always);
      for (let at = 0; at + SHORTEST <= text.length; at += 1) {
        const key = keyAt(text, at);
        if (isBegin[key] === 0) continue;
        for (const it of places.get(key) ?? [])
          if (!found.has(it.at) && text.startsWith(it.word, at)) found.add(it.at);
      }
      return [...found].sort((a, b) => a - b).map((at) => entries[at]?.[0] as T);
    },
  };
}

/** A number for the three characters at `at`; others may have the same. */
function keyAt(text: string, at: number): number {
  const sum = text.charCodeAt(at) * 961 + text.charCodeAt(at + 1) * 31 + text.charCodeAt(at + 2);
  return Math.imul(sum, 0x9e3779b1) >>> 16;
}
