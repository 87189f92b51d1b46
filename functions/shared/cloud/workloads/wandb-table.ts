import type { Seen } from '../../model/workload/row.ts';
import { activeState, beats } from '../../model/workload/tables/active.ts';
import { endedState } from '../../model/workload/tables/completed.ts';
import { runLink, silentSince, type WandbSettings } from '../../model/workload/tables/wandb.ts';
import { timesOf } from './reader-tools.ts';
import type { Listed, TableReader } from './table-reader.ts';
import { IN_UTC, type Run, type Runs, type WandbRuns } from './wandb-runs.ts';

/** The two tables of W&B: both read the same runs. */

export function openActive(settings: WandbSettings, runs: WandbRuns): TableReader {
  return readerOf(settings, runs, {
    of: ({ active }) => active,
    // One that has ended is in the other table.
    isOne: ({ state }) => endedState(state) === null,
  });
}

export function openCompleted(settings: WandbSettings, runs: WandbRuns): TableReader {
  return readerOf(settings, runs, {
    of: ({ ended }) => ended,
    isOne: ({ state }) => endedState(state) !== null,
  });
}

/** What of the runs is in a table. */
interface Part {
  of(runs: Record<'active' | 'ended', Runs>): Runs;
  isOne(run: Run): boolean;
}

function readerOf(settings: WandbSettings, runs: WandbRuns, { of, isOne }: Part): TableReader {
  return {
    listOperation: 'runs',
    logOperation: 'logLines',

    async list(place, now, limits) {
      const { runs: found, more } = of(await runs.of(place, now, limits));
      // A run may go on while the pages are read.
      return { listed: found.filter(isOne).map((run) => listedRun(run, { place, now, settings })), more };
    },

    async get({ region, id, silentSince: known }, limits) {
      const run = await runs.run(region, id, limits);
      if (!run || !isOne(run)) return null;
      const listed = listedRun(run, { place: region, now: null, settings });
      return { ...listed, seen: { ...listed.seen, silentSince: known } };
    },

    linesOf: ({ region, id }, limits) => runs.lines(region, id, limits),
  };
}

interface Around {
  place: string;
  /** `null` where nobody asks whether it is silent. */
  now: Date | null;
  settings: WandbSettings;
}

function listedRun(run: Run, { place, now, settings }: Around): Listed {
  const { name: id, displayName, state: said } = run;
  const ended = endedState(said);
  // There is no time of its end but that of its last beat.
  const {
    unreadable,
    createdAt,
    endedAt: beatAt,
  } = timesOf(run.createdAt, undefined, run.heartbeatAt, IN_UTC);
  const state = ended ?? activeState(said);
  const seen: Seen = {
    id,
    region: place,
    name: displayName || id,
    job: null,
    state,
    said: `${said}${unreadable}`,
    createdAt,
    startedAt: state === 'queued' ? null : createdAt,
    endedAt: ended ? beatAt : null,
    silentSince: now && beats(said) ? silentSince(beatAt, now) : null,
    link: runLink(settings, place, id),
  };
  const platform = { condition: said, exit: null, errorMessage: null, failureInfo: null };
  return { seen, resource: null, said: platform };
}
