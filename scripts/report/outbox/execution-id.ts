import { randomFillSync } from 'node:crypto';

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A new ULID (https://github.com/ulid/spec): 48 bits of `now` in milliseconds, 80 random ones; they sort by time. */
export function newExecutionId(now: number): string {
  const random = randomFillSync(new Uint8Array(16));
  let id = '';
  for (let left = Math.max(0, now), i = 0; i < 10; i++) {
    id = DIGITS[left % 32] + id;
    left = Math.floor(left / 32);
  }
  // 16 characters of 5 bits are the 80 random bits.
  for (const byte of random) id += DIGITS[byte % 32];
  return id;
}

/** Whether a folder of the outbox is an execution's. */
export function isExecutionId(name: string): boolean {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(name);
}
