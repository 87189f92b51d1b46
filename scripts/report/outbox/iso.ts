/**
 * An instant as Date's toISOString() writes it. V8 has that look for the machine's time zone, which takes 1 MB of ICU in a
 * process that has no other use for it.
 */
export function isoOf(ms: number): string {
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  if (!(year >= 1000 && year <= 9999)) return date.toISOString();
  const day = [year, two(date.getUTCMonth() + 1), two(date.getUTCDate())].join('-');
  const time = [two(date.getUTCHours()), two(date.getUTCMinutes()), two(date.getUTCSeconds())].join(':');
  return `${day}T${time}.${String(date.getUTCMilliseconds()).padStart(3, '0')}Z`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
