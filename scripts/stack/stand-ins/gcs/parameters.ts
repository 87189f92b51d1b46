import { badRequest } from './problem.ts';

/** The parameter `name`. Throws for one that is no whole number. */
export function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d+$/.test(text)) throw badRequest(`Invalid value for ${name}: ${text}`);
  return Number(text);
}

/** Whether the parameter `name` is set; Google's own gcloud writes "True". */
export function flag(query: URLSearchParams, name: string): boolean {
  return query.get(name)?.toLowerCase() === 'true';
}
