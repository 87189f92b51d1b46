import { statFields } from '../outbox/liveness.ts';

/**
 * Where the child belongs. `foreground`: the terminal's signals reach all of our process group, so it stays in it.
 * `background`: it stays there too, but no key reaches it. `apart`: there is no terminal, it leads a session of its own,
 * and one signal from us reaches all that it started.
 */
export type Setting = 'foreground' | 'background' | 'apart';

/** Our setting, by fields 5, 7 and 8 of /proc/self/stat: group, terminal and the terminal's foreground group. */
export function settingOf(fields: readonly string[]): Setting {
  const [group, terminal, foreground] = [fields[2], fields[4], fields[5]];
  if (terminal === '0') return 'apart';
  return foreground === group ? 'foreground' : 'background';
}

/** Our setting; read anew for each signal, because a shell moves its jobs between foreground and background. */
export function ownSetting(): Setting {
  try {
    return settingOf(statFields('self'));
  } catch {
    return 'foreground';
  }
}
