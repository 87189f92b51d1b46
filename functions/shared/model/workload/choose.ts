import { type Candidate, isSpecific } from './candidates.ts';
import { outlives } from './outlived.ts';

/** What is said to have been the reason. The order is that of how much each kind proves. */
export function choose(all: readonly Candidate[]): Candidate | null {
  const candidates = all.filter(({ kind }) => kind !== 'pointer');
  const standing = candidates.filter(
    (it) => it.recovered === 0 && !it.weak && !candidates.some((end) => outlives(end, it)),
  );
  const causes = standing.filter(
    ({ kind }) => kind === 'cause' || kind === 'exception' || kind === 'traceback',
  );
  const ofKind = (kind: Candidate['kind']) => standing.filter((it) => it.kind === kind);
  return (
    wordiest(ofKind('verdict').filter(({ vague }) => !vague)) ??
    firstToFail(causes) ??
    told(ofKind('verdict')[0], candidates) ??
    clearest(ofKind('step')) ??
    candidates.findLast(({ raised, recovered, weak }) => raised && recovered === 1 && !weak) ??
    // What ends a program may leave it time for another step.
    candidates.findLast(
      ({ kind, vague, recovered, weak }) => kind === 'verdict' && !vague && recovered === (weak ? 0 : 1),
    ) ??
    // Said to be done, which need not be the work itself.
    clearest(
      candidates.filter(({ kind, recovered, weak }) => kind === 'cause' && recovered === 1 && !weak),
    ) ??
    clearest(ofKind('consequence')) ??
    clearest(candidates.filter(({ kind, recovered }) => kind === 'consequence' && recovered === 0)) ??
    candidates.findLast(({ weak, recovered }) => weak && recovered === 0) ??
    null
  );
}

/** The first, or another of its category that says more: how much of what, or more than a word. */
function wordiest(verdicts: readonly Candidate[]): Candidate | undefined {
  const [first] = verdicts;
  const same = verdicts.filter(({ category }) => category === first?.category);
  const wordy = same.filter(({ text }) => text.includes(' '));
  const most = wordy.find(({ text }) => /\d/.test(text)) ?? wordy[0];
  if (!first || !most || wordy.includes(first)) return most ?? first;
  return { ...most, text: `${first.text}: ${most.text}` };
}

/** A vague word of the platform in its plainer words, behind which lines of the program may have come late. */
function told(vague: Candidate | undefined, candidates: readonly Candidate[]): Candidate | undefined {
  if (!vague) return undefined;
  const plainer = candidates.findLast(
    (it) => it.kind === 'verdict' && !it.vague && it.category === vague.category && it.recovered === 1,
  );
  return plainer ?? vague;
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
    clearest(special)
  );
}
