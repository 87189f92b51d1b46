import type { Source } from './source.ts';

/** Finds sources that read the same records: each record would be counted, judged and planned for twice. */

/** Where Nightshift's own records are. */
interface Home {
  googleProject: string;
  database: string;
}

/** Two sources, or one with itself, that read the same records. */
export interface Overlap {
  /** The later of the two in the settings. */
  source: string;
  message: string;
}

/** Records of a source: its jobs, or the executions below them. */
interface Records {
  words: string;
  /** Whether the records of the collection at that path are among them. */
  hold(path: string): boolean;
  /** The path of their collection; `null` where they may be in several. */
  path: string | null;
  /** The id of their collections. */
  id: string;
}

/** Returns the overlaps of `sources`. A source that names no project or database is at `home`. */
export function overlapsOf(sources: Readonly<Record<string, Source>>, home: Home): Overlap[] {
  const placed = Object.entries(sources).map(([name, source]) => {
    const { googleProject = home.googleProject, database = home.database } = source;
    return { name, place: `project ${googleProject}, database ${database}`, records: recordsOf(source) };
  });
  return placed.flatMap((one, index) =>
    placed.slice(0, index + 1).flatMap((other) => {
      if (other.place !== one.place) return [];
      const pair = pairOf(other.records, one.records, other === one);
      if (!pair) return [];
      const [its, own] = pair;
      const whose = other === one ? `its own ${its.words}` : `the ${its.words} of source ${other.name}`;
      return [{ source: one.name, message: `The ${own.words} are ${whose}, too (${one.place})` }];
    }),
  );
}

/** Returns the first records that both read. Where these are jobs, their executions overlap, too, and are not named. */
function pairOf(
  theirs: readonly Records[],
  own: readonly Records[],
  isSame: boolean,
): [Records, Records] | undefined {
  const pairs = theirs.flatMap((its, i) => own.map((one, j) => ({ its, one, i, j })));
  const found = pairs.find(
    ({ its, one, i, j }) => (isSame ? i < j : i === 0 || j === 0) && areSame(its, one),
  );
  return found && [found.its, found.one];
}

function areSame(a: Records, b: Records): boolean {
  if (a.path !== null) return b.hold(a.path);
  return b.path === null ? a.id === b.id : a.hold(b.path);
}

function recordsOf({ collection, group, executions }: Source): Records[] {
  const jobs: Records = {
    words: `records of collection ${group ? 'group ' : ''}${collection}`,
    hold: (path) => (group ? lastOf(path) : path) === collection,
    path: group ? null : collection,
    id: lastOf(collection),
  };
  if (!executions) return [jobs];
  return [
    jobs,
    {
      words: `executions ${executions.collection} below the ${jobs.words}`,
      hold: (path) =>
        lastOf(path) === executions.collection && jobs.hold(path.split('/').slice(0, -2).join('/')),
      path: null,
      id: executions.collection,
    },
  ];
}

function lastOf(path: string): string {
  return path.split('/').at(-1) ?? '';
}
