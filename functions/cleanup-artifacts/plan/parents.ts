import { type Prefix, readPlace, uriOf } from '../../shared/model/artifact/artifact.ts';
import { type PrefixIndex, prefixIndex } from '../../shared/model/artifact/prefix-index.ts';
import type { PlannedJob } from './decision.ts';
import type { Forest } from './forest.ts';
import type { Meaning, Naming } from './naming.ts';
import { type Candidate, isEmptied } from './rules.ts';
import { saidOf } from './standing.ts';

/** The jobs that others began from. */
export interface Parents {
  /** Returns the jobs that a child may have begun from: those that it names, and those at the places that it names. */
  of(child: Candidate): Candidate[];
  /**
   * Makes a finder that returns each parent once, for the first child that names it. It costs no more than one look at
   * each place, however many children name it.
   */
  finder(): (child: Candidate) => Generator<Candidate>;
}

/** Returns what a job's `resumedFrom` means; `undefined` where it has none. */
export function parentage({ job }: Candidate, naming: Naming): Meaning | undefined {
  const said = saidOf(job, 'resumedFrom');
  return said && naming.meaningOf(said, { self: job, mayBeGone: true });
}

export function parentsOf(candidates: readonly Candidate[], forest: Forest, naming: Naming): Parents {
  const byJob = new Map<PlannedJob, Candidate>(candidates.map((candidate) => [candidate.job, candidate]));
  const linksAt = linksByPlace(candidates);

  function* at(reach: readonly Prefix[]): Generator<Candidate> {
    for (const prefix of reach) {
      yield* forest.overlapping(prefix).flat();
      yield* linksAt(prefix);
    }
  }

  return {
    of(child) {
      const { jobs, reach } = parentage(child, naming) ?? { jobs: [], reach: [] };
      return [...jobs.flatMap((job) => byJob.get(job) ?? []), ...at(reach)];
    },
    finder() {
      const asked = new Set<string>();
      const found = new Set<Candidate>();
      const nameless = [...naming.nameless];
      return function* (child) {
        const meaning = parentage(child, naming);
        if (!meaning) return;
        const { jobs, reach, mayBeNameless } = meaning;
        const meant = mayBeNameless ? [...jobs, ...nameless.splice(0)] : jobs;
        const named = meant.flatMap((job) => byJob.get(job) ?? []);
        const untold = reach.filter((prefix) => !asked.has(uriOf(prefix)));
        for (const prefix of untold) asked.add(uriOf(prefix));
        for (const parent of [...named, ...at(untold)]) {
          if (parent.job === child.job || found.has(parent)) continue;
          found.add(parent);
          yield parent;
        }
      };
    },
  };
}

/**
 * Finds, by their places, the jobs of which nothing is left and that began from another themselves. They have no part in the
 * forest, and yet are links of a chain: who resumes from the folder of one began from what that one began from. What lies at
 * the place is found without them, so that they stand for their parents alone.
 */
function linksByPlace(candidates: readonly Candidate[]): (prefix: Prefix) => Candidate[] {
  let index: { prefixes: PrefixIndex; byUri: Map<string, Candidate[]> } | undefined;
  const made = () => {
    const links = candidates.filter(
      (candidate) => isEmptied(candidate) && !candidate.place && saidOf(candidate.job, 'resumedFrom'),
    );
    const folders: Prefix[] = [];
    const byUri = new Map<string, Candidate[]>();
    for (const each of links) {
      const link = { ...each, protectsParents: true, meaning: undefined, reach: [] };
      for (const folder of foldersOf(each)) {
        folders.push(folder);
        const others = byUri.get(uriOf(folder));
        if (others) others.push(link);
        else byUri.set(uriOf(folder), [link]);
      }
    }
    return { prefixes: prefixIndex(folders), byUri };
  };
  return (prefix) => {
    // Only where a child names a place.
    index ??= made();
    const { prefixes, byUri } = index;
    return prefixes.allOverlapping(prefix).flatMap((folder) => byUri.get(uriOf(folder)) ?? []);
  };
}

/** Without whole buckets: nobody's deletion was of one. */
function foldersOf({ job }: Candidate): readonly Prefix[] {
  const place = readPlace(job.artifactUri);
  return place.is === 'read' ? place.value.folders.filter(({ path }) => path !== '') : [];
}
