import type { Child } from './start.ts';
import { ownSetting } from './terminal.ts';

/** What the wrapper wants to know of signals. */
export interface Listener {
  /** One that asks the job to end. */
  asked(signal: NodeJS.Signals): void;
  /** The platform will move the machine. */
  migration(): void;
}

const ASKING: NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'];
const OTHERS: NodeJS.Signals[] = ['SIGUSR1', 'SIGUSR2'];
/** What a terminal sends to the whole foreground group by itself. */
const BY_TERMINAL: NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGHUP'];

/**
 * Hands signals on, each exactly once: what the terminal sends has reached the child already. A stop announced by the
 * platform (SIGTSTP without a terminal) is kept from it: should the SIGCONT be lost, it would never go on. To be called
 * before the child starts, so that none is lost; returns what names the child, and then hands on what has come by then.
 */
export function listen(): (child: Child, listener: Listener) => void {
  const early: NodeJS.Signals[] = [];
  let take = (signal: NodeJS.Signals): void => void early.push(signal);
  for (const signal of [...ASKING, ...OTHERS]) process.on(signal, () => take(signal));
  let migrating = (): void => undefined;
  if (ownSetting() === 'apart') process.on('SIGTSTP', () => migrating());
  return (child, listener) => {
    migrating = () => listener.migration();
    take = (signal) => {
      const isThere =
        child.setting !== 'apart' && BY_TERMINAL.includes(signal) && ownSetting() === 'foreground';
      // The child first: what we write down of it may take a slow disk its time.
      if (!isThere) child.signal(signal);
      if (ASKING.includes(signal)) listener.asked(signal);
    };
    for (const signal of early) take(signal);
  };
}
