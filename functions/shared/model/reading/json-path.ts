import { compile, TreeInterpreter } from '@jmespath-community/jmespath';
import { z } from 'zod';
import { quoted } from './reading.ts';

/** Reads JSON of other programs: with exact integers, and by JMESPath (https://jmespath.org/specification.html). */

/** Parses JSON; an integer beyond 2^53 becomes a bigint with all its digits. Throws a SyntaxError for text that is no JSON. */
export function parseJson(text: string): unknown {
  return JSON.parse(text, exact);
}

/** `context` holds the digits as they were written: https://github.com/tc39/proposal-json-parse-with-source. */
function exact(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  const isInteger = typeof value === 'number' && !Number.isSafeInteger(value);
  const source = context?.source ?? '';
  return isInteger && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** A JMESPath expression, such as `status.phase`, `jobs[0].state` or `labels."app.kubernetes.io/name"`. */
export const jsonPath = z.string().refine(isPath, {
  error: ({ input }) => `No JMESPath: ${quoted(input)}`,
  params: { expected: 'such as status.phase or jobs[0].state (https://jmespath.org)' },
});

function isPath(path: string): boolean {
  try {
    compiled(path);
    return true;
  } catch {
    return false;
  }
}

type Expression = ReturnType<typeof compile>;

const expressions = new Map<string, Expression>();

function compiled(path: string): Expression {
  const known = expressions.get(path) ?? compile(path);
  expressions.set(path, known);
  return known;
}

/**
 * Returns the value at `path` in parsed JSON; `null` where there is none. Throws where the expression does not fit the
 * value, such as one that asks for the length of a number.
 */
export function valueAt(body: unknown, path: string): unknown {
  const found: unknown = TreeInterpreter.search(
    compiled(path),
    body as Parameters<typeof TreeInterpreter.search>[1],
  );
  // A path such as `constructor` finds a function that every object inherits: it is not part of the JSON.
  return typeof found === 'function' ? null : (found ?? null);
}
