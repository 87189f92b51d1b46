/** Durations and sizes as people write them. */

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `10s`, `5m`, `500ms`; `undefined` where it is none. */
export function millisecondsOf(text: string): number | undefined {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const milliseconds = Number(amount) * (UNITS[unit] ?? Number.NaN);
  return Number.isFinite(milliseconds) ? milliseconds : undefined;
}

/** Bytes of `4k`, `1m` or `4096`; `undefined` where it is none. */
export function bytesOf(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+)([km]?)$/i.exec(text) ?? [];
  if (amount === undefined) return undefined;
  return Number(amount) * (unit === '' ? 1 : unit.toLowerCase() === 'k' ? 1_024 : 1_024 ** 2);
}
