import { cut } from '../../words/columns.ts';

const ALARM_LENGTH = 120;
const TOLD = new Set(['WARNING', 'ERROR', 'CRITICAL', 'ALERT', 'EMERGENCY']);

/** The short human line for one line of a function's log; `undefined` for what a person need not see. */
export function lineInWords(line: string): string | undefined {
  const entry = parse(line);
  if (!entry || !TOLD.has(String(entry.severity))) return undefined;
  const [message] = String(entry.message ?? entry.event ?? '').split('\n');
  // An alarm names what to do, too, which the answer of its run says once more.
  if (entry.alarm) return cut(String(message), ALARM_LENGTH);
  return `${String(entry.severity).toLowerCase()}: ${message}`;
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
