import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../shared/places.ts';

/** The version of this project, as its package.json has it. */
export function version(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  return version;
}
