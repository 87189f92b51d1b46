import { shell } from '../../shared/shell.ts';
import { readStack } from '../../stack/state.ts';

/** What the days are collected in. An emulator forgets all when its stack ends, so the next stack is another target. */
export function targetOf({ host, origin, href }: URL): { host: string; identity: string } {
  const stack = readStack(shell().env);
  const ofStack = stack !== undefined && new URL(stack.gatewayUrl).origin === origin;
  return { host, identity: ofStack ? `${href} ${stack.startedAt}` : href };
}
