import { z } from 'zod';
import type { TextLine } from './text-lines.ts';

/** One log of a file that holds many. */
export interface LogCase {
  id: string | number;
  lines: string[];
}

const caseSchema = z.looseObject({
  id: z.union([z.string(), z.number()], { error: 'its id has to be a text or a number' }),
  lines: z.array(z.string({ error: 'each of its lines has to be a text' }), {
    error: 'its lines have to be a list of texts',
  }),
});

/** Reads a line as a log; says what is wrong with one that is none. */
export function readCase({ text, cut }: TextLine): { log: LogCase } | { wrong: string } {
  if (cut) return { wrong: 'it is too long' };
  const value = jsonOf(text);
  if (value === undefined) return { wrong: 'it is no JSON' };
  const parsed = caseSchema.safeParse(value, { error: () => 'it is no object with id and lines' });
  if (parsed.success) return { log: { id: parsed.data.id, lines: parsed.data.lines } };
  const [{ message, path } = { message: 'it cannot be read', path: [] }] = parsed.error.issues;
  return {
    wrong: path[0] === 'lines' && path.length > 1 ? `${message}: lines[${String(path[1])}] is none` : message,
  };
}

/** Whether a line looks like one of many logs: a structured log has no list of lines. */
export function isCase({ text }: TextLine): boolean {
  if (!text.trimStart().startsWith('{') || !text.includes('"lines"')) return false;
  const value = jsonOf(text);
  return typeof value === 'object' && value !== null && 'lines' in value && Array.isArray(value.lines);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
