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

/** Reads up to the closing bracket, and takes what it has read off the front of `tokens`. */
function readMask(tokens: string[]): Mask {
  const mask: Mask = new Map();
  for (;;) {
    const name = tokens.shift() ?? '';
    if (!/^[\w$@.*-]+$/.test(name)) throw invalid(`Invalid field selection ${name}`);
    let inner: Mask = new Map();
    if (tokens[0] === '(') {
      tokens.shift();
      inner = readMask(tokens);
      if (tokens.shift() !== ')') throw invalid('Invalid field selection: a bracket is not closed');
    } else if (tokens[0] === '/') {
      tokens.shift();
      inner = readMask(tokens);
    }
    mask.set(name, inner);
    if (tokens[0] !== ',') return mask;
    tokens.shift();
  }
}

function masked(value: unknown, mask: Mask): unknown {
  if (mask.size === 0 || mask.has('*')) return value;
  if (Array.isArray(value)) return value.map((each) => masked(each, mask));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      const below = mask.get(key);
      return below ? [[key, masked(inner, below)]] : [];
    }),
  );
}
