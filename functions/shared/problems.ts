import leven from 'leven';
import type { z } from 'zod';

/** Keys of an object that a problem lists where something else stands in its place. */
const KEYS_SHOWN = 6;

/** One thing wrong with an input: where (dotted, empty for the whole), what, and what was expected instead. */
export interface Problem {
  path: string;
  message: string;
  expected?: string;
}

/** A parsed input, or all that is wrong with it. */
export type Parsed<T> = { ok: true; value: T } | { ok: false; problems: Problem[] };

/** Parses `input` by `schema` and names every problem; an unknown key comes with the nearest known one. */
export function parseWithProblems<T>(schema: z.ZodType<T>, input: unknown): Parsed<T> {
  const knownKeys = new Map<string, string[]>();
  const shapes = new Map<string, string>();
  const parsed = schema.safeParse(input, {
    error: (issue) => {
      const path = pathText(issue.path ?? []);
      if (issue.code === 'unrecognized_keys') knownKeys.set(path, knownKeysOf(issue.inst));
      if (issue.code === 'invalid_type') shapes.set(path, shapeOf(issue.inst));
      return undefined;
    },
  });
  if (parsed.success) return { ok: true, value: parsed.data };
  return {
    ok: false,
    problems: parsed.error.issues.flatMap((issue) => toProblems(issue, input, { knownKeys, shapes })),
  };
}

/** The candidate nearest to `word`, when near enough to be a slip of the fingers. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const [best] = candidates
    .map((candidate) => ({ candidate, distance: leven(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  return best && best.distance <= Math.max(2, word.length / 3) ? best.candidate : undefined;
}

function toProblems(
  issue: z.core.$ZodIssue,
  input: unknown,
  { knownKeys, shapes }: { knownKeys: Map<string, string[]>; shapes: Map<string, string> },
): Problem[] {
  const path = pathText(issue.path);
  const value = valueAt(input, issue.path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = knownKeys.get(path) ?? [];
      return issue.keys.map((key) => {
        const suggestion = nearest(key, known);
        return {
          path: path ? `${path}.${key}` : key,
          message: `Unknown key ${quote(key)}${suggestion ? `, did you mean ${quote(suggestion)}?` : ''}`,
          expected: known.length > 0 ? `one of ${known.join(', ')}` : 'no key at all',
        };
      });
    }
    case 'invalid_type':
      return [
        { path, message: describe(value), expected: `${article(issue.expected)}${shapes.get(path) ?? ''}` },
      ];
    case 'invalid_value':
      return [{ path, message: describe(value), expected: `one of ${issue.values.map(quote).join(', ')}` }];
    case 'invalid_format':
      return [{ path, message: describe(value), expected: formatWords(issue) }];
    case 'invalid_key':
      // The key is wrong, and its own issue has the reason; the value below it may be fine.
      return [
        { path, message: describe(issue.path.at(-1)), expected: issue.issues[0]?.message ?? issue.message },
      ];
    case 'too_small':
      return [
        {
          path,
          message: describe(value),
          expected: `${issue.inclusive === false ? 'more than' : 'at least'} ${counted(issue.minimum, issue.origin)}`,
        },
      ];
    case 'too_big':
      return [
        { path, message: describe(value), expected: `at most ${counted(issue.maximum, issue.origin)}` },
      ];
    case 'custom':
      return [{ path, message: issue.message, ...expectedOf(issue.params) }];
    default:
      return [{ path, message: describe(value), expected: issue.message }];
  }
}

function describe(value: unknown): string {
  return value === undefined ? 'Missing' : `Cannot use ${quote(value)}`;
}

function quote(value: unknown): string {
  const text = jsonText(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/** Hostile input may nest deeper than a serialiser can go. */
function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return `a ${typeof value}`;
  }
}

function expectedOf(params: Record<string, unknown> | undefined): { expected?: string } {
  return typeof params?.expected === 'string' ? { expected: params.expected } : {};
}

const TYPE_WORDS: Record<string, string> = { int: 'integer', record: 'object' };

function article(type: string): string {
  const word = TYPE_WORDS[type] ?? type;
  return `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`;
}

function counted(count: number | bigint, origin: string): string {
  return origin === 'string' ? `${count} character${Number(count) === 1 ? '' : 's'}` : String(count);
}

/** A pattern is unreadable in a message, so its schema carries the words for it. */
function formatWords({ format, message }: { format: string; message: string }): string {
  if (format === 'regex') return message;
  return format === 'date' ? 'a date of the calendar, YYYY-MM-DD' : `the form ${format}`;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value !== null && typeof value === 'object' ? Reflect.get(value, key) : undefined),
    input,
  );
}

/** The keys that an object, or a record with a closed set of keys, may have. */
function knownKeysOf(schema: unknown): string[] {
  const object = (schema as z.core.$ZodObject | undefined)?._zod?.def?.shape;
  const record = (schema as z.core.$ZodRecord<z.core.$ZodEnum> | undefined)?._zod?.def?.keyType?._zod?.def;
  return Object.keys(object ?? record?.entries ?? {});
}

/** The keys of an object as ` {path, type, zone?}`, the first ones of a large one; empty for any other schema. */
function shapeOf(schema: unknown): string {
  const shape = (schema as z.core.$ZodObject | undefined)?._zod?.def?.shape;
  if (!shape) return '';
  const keys = Object.entries(shape).map(([key, { _zod }]) => (_zod.optin === 'optional' ? `${key}?` : key));
  const more = keys.length > KEYS_SHOWN ? ', ...' : '';
  return ` {${keys.slice(0, KEYS_SHOWN).join(', ')}${more}}`;
}
