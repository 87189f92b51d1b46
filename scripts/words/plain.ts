import { oneLine } from './terminal.ts';

const LIST_LIMIT = 3;

/** Any value as a person would say it, on one harmless line: short numbers, shortened lists; empty text for what says nothing. */
export function inWords(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return value.toLocaleString('en', { maximumFractionDigits: 1 });
  if (Array.isArray(value)) {
    const shown = value.slice(0, LIST_LIMIT).map(inWords).join(', ');
    return value.length > LIST_LIMIT ? `${shown} and ${value.length - LIST_LIMIT} more` : shown;
  }
  if (typeof value !== 'object') return oneLine(String(value));
  return Object.entries(value)
    .map(([key, inner]) => [spaced(key), inWords(inner)])
    .filter(([, text]) => text)
    .map(([key, text]) => `${key} ${text}`)
    .join(', ');
}

/** `daysCollected` as "days collected". */
export function spaced(key: string): string {
  return key.replace(
    /([a-z])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  );
}
