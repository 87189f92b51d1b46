import { invalid } from './problem.ts';

/** A partial response, as the parameter `fields` of every Google API asks for it: `a,b(c,d(e)),f/g`. */
type Mask = Map<string, Mask>;

/** Only those parts of `body` that `fields` names; all of it without. Throws for a text that is no list of fields. */
export function partialBody(body: object, fields: string | null): object {
  if (!fields) return body;
  const tokens = fields.match(/[\w$@.*-]+|[(),/]/g) ?? [];
  if (tokens.join('') !== fields.replace(/\s/g, '')) throw invalid(`Invalid field selection ${fields}`);
  const mask = readMask(tokens);
  if (tokens.length > 0) throw invalid(`Invalid field selection ${fields}`);
  return masked(body, mask) as object;
}

/** Reads up to the closing bracket into `mask`, and takes what it has read off the front of `tokens`. */
function readMask(tokens: string[], mask: Mask = new Map()): Mask {
  for (;;) {
    readField(tokens, mask);
    if (tokens[0] !== ',') return mask;
    tokens.shift();
  }
}

/** Reads one field with what is named of it: `a`, `a/b` or `a(b,c)`. */
function readField(tokens: string[], mask: Mask): void {
  const name = tokens.shift() ?? '';
  if (!/^[\w$@.*-]+$/.test(name)) throw invalid(`Invalid field selection ${name}`);
  // `a/b,a/c` names two parts of one thing.
  const inner: Mask = mask.get(name) ?? new Map();
  mask.set(name, inner);
  if (tokens[0] === '(') {
    tokens.shift();
    readMask(tokens, inner);
    if (tokens.shift() !== ')') throw invalid('Invalid field selection: a bracket is not closed');
  } else if (tokens[0] === '/') {
    tokens.shift();
    readField(tokens, inner);
  }
}

function masked(value: unknown, mask: Mask): unknown {
  if (mask.size === 0 || mask.has('*')) return value;
  if (Array.isArray(value)) return value.map((each) => masked(each, mask));
  if (value === null || typeof value !== 'object') return value;
  // Reads nothing that nobody asked for: some of it may be costly to work out.
  return Object.fromEntries(
    Object.keys(value).flatMap((key) => {
      const below = mask.get(key);
      return below ? [[key, masked(Reflect.get(value, key), below)]] : [];
    }),
  );
}
