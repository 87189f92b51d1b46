import { type Candidate, isSpecific } from './candidates.ts';

/** What is said to have been the reason. The order is that of how much each kind proves. */
export function choose(all: readonly Candidate[]): Candidate | null {
  const candidates = all.filter(({ kind }) => kind !== 'pointer');
  const standing = candidates.filter(({ recovered, weak }) => recovered === 0 && !weak);
  const causes = standing.filter(
    ({ kind }) => kind === 'cause' || kind === 'exception' || kind === 'traceback',
  );
  const ofKind = (kind: Candidate['kind']) => standing.filter((it) => it.kind === kind);
  return (
    standing.find(({ kind, vague }) => kind === 'verdict' && !vague) ??
    firstToFail(causes) ??
    ofKind('verdict')[0] ??
    clearest(ofKind('step')) ??
    candidates.findLast(({ raised, recovered, weak }) => raised && recovered === 1 && !weak) ??
    // What ends a program may leave it time for another step.
    candidates.findLast(({ kind, vague, recovered }) => kind === 'verdict' && !vague && recovered === 1) ??
    clearest(ofKind('consequence')) ??
    clearest(candidates.filter(({ kind, recovered }) => kind === 'consequence' && recovered === 0)) ??
    candidates.findLast(({ weak, recovered }) => weak && recovered === 0) ??
    null
  );
}

/** The first that says more than that something failed, else the first. */
export function clearest(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.find(({ vague }) => !vague) ?? candidates[0];
}

/** Of several ranks the one that failed first: the others die of that, and often louder. */
function firstToFail(candidates: readonly Candidate[]): Candidate | undefined {
  const streams = [...Map.groupBy(candidates, ({ stream }) => stream).values()];
  return streams
    .map((own) => causeOf(own))
    .filter((cause) => cause !== undefined)
    .sort((a, b) => a.at - b.at)[0];
}

/** Of what one program said, whatever says more than that it ended; else what it ended by, which is the last. */
function causeOf(own: readonly Candidate[]): Candidate | undefined {
  const special = own.filter(isSpecific);
  const ended = own.filter((it) => !isSpecific(it));
  const certain = special.filter(({ vague, raised, kind }) => raised || (!vague && kind === 'cause'));
  return (
    certain.find(({ vague, kind }) => !vague && kind === 'cause') ??
    clearest(certain) ??
    ended.findLast(({ raised }) => raised) ??
    clearest(ended) ??
    special[0]
  );
}
