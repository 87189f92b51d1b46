import { setFlagsFromString } from 'node:v8';

/**
 * For a program that sleeps for as long as a job lives: its loops are short, and to load V8's compilers for them would take
 * more memory than all of its code. To be imported first.
 */
for (const flag of ['--no-sparkplug', '--no-maglev', '--no-opt']) setFlagsFromString(flag);
