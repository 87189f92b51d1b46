/** What the stand-in of Weights & Biases knows, as plain data. */
export interface WandbWorld {
  projects: WandbProject[];
}

export interface WandbProject {
  entity: string;
  name: string;
  runs: WandbRun[];
}

export interface WandbRun {
  /** The id in its address. */
  name: string;
  displayName: string | null;
  /** Such as `running`. */
  state: string;
  createdAt: Date;
  /** `null` before the first one; `now` while it beats. */
  heartbeatAt: Date | 'now' | null;
  /** Of its console, oldest first. */
  lines: string[];
}

/** W&B with nothing in it. */
export function emptyWandb(): WandbWorld {
  return { projects: [] };
}
