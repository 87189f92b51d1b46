const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A new ULID (https://github.com/ulid/spec): 48 bits of `now` in milliseconds, 80 random ones; they sort by time. */
export function newExecutionId(now: number): string {
  let id = '';
  for (let left = Math.max(0, now), i = 0; i < 10; i++) {
    id = DIGITS[left % 32] + id;
    left = Math.floor(left / 32);
  }
  // 16 characters of 5 bits are the 80 random bits. They keep executions apart and guard nothing; `node:crypto` for them
  // would cost every job 3 MB.
  for (let i = 0; i < 16; i++) id += DIGITS[Math.floor(Math.random() * 32)];
  return id;
}

/** Eight digits that no other process will have at the same time. */
export function randomName(): string {
  return Math.floor(Math.random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}

/** Whether a folder of the outbox is an execution's. */
export function isExecutionId(name: string): boolean {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(name);
}
