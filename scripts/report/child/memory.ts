import { readFileSync } from 'node:fs';

/** How many processes the kernel has killed for memory in our control group so far; `undefined` where nobody counts. */
export function oomKills(): number | undefined {
  for (const file of counterFiles(read('/proc/self/cgroup') ?? '')) {
    const kills = killsIn(read(file) ?? '');
    if (kills !== undefined) return kills;
  }
  return undefined;
}

/** Where the kernel counts, by /proc/self/cgroup; in a container our group is mostly mounted as the root. */
export function counterFiles(groups: string): string[] {
  const unified = /^0::(\/.*)$/m.exec(groups)?.[1];
  const memory = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m.exec(groups)?.[1];
  return [
    ...(memory === undefined ? [] : [memory, '/']).map((path) =>
      at('/sys/fs/cgroup/memory', path, 'memory.oom_control'),
    ),
    ...(unified === undefined ? [] : [unified, '/']).map((path) =>
      at('/sys/fs/cgroup', path, 'memory.events'),
    ),
  ];
}

function at(mount: string, path: string, name: string): string {
  return `${mount}${path === '/' ? '' : path}/${name}`;
}

/** The count in memory.events, or in memory.oom_control of the first version. */
export function killsIn(text: string): number | undefined {
  const [, kills] = /^oom_kill (\d+)$/m.exec(text) ?? [];
  return kills === undefined ? undefined : Number(kills);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
