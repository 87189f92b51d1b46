import { type Candidate, isSpecific } from './candidates.ts';
import { outlives } from './outlived.ts';

/** What is said to have been the reason. The order is that of how much each kind proves. */
export function choose(all: readonly Candidate[]): Candidate | null {
  const candidates = all.filter(({ kind }) => kind !== 'pointer');
  return proven(candidates) ?? likely(candidates) ?? null;
}

/** Of what stands to the end of the log: nothing went on after it, and nothing outlived it. */
function proven(candidates: readonly Candidate[]): Candidate | undefined {
  const standing = candidates.filter(
    (it) => it.recovered === 0 && !it.weak && !candidates.some((end) => outlives(end, it)),
  );
  const ofKind = (...kinds: Candidate['kind'][]) => standing.filter(({ kind }) => kinds.includes(kind));
  const verdicts = ofKind('verdict');
  return (
    wordiest(verdicts.filter(({ vague }) => !vague)) ??
    firstToFail(ofKind('cause', 'exception', 'traceback')) ??
    told(verdicts[0], candidates) ??
    clearest(ofKind('step'))
  );
}

/** Of what something came after that need not have been the work itself; last what others saw, and what was only warned of. */
function likely(candidates: readonly Candidate[]): Candidate | undefined {
  const before = candidates.filter(({ recovered, weak }) => recovered === 1 && !weak);
  const last = candidates.filter(({ recovered }) => recovered === 0);
  const consequences = last.filter(({ kind }) => kind === 'consequence');
  return (
    before.findLast(({ raised }) => raised) ??
    // What ends a program may leave it time for another step.
    before.findLast(isPlainVerdict) ??
    last.findLast((it) => it.weak && isPlainVerdict(it)) ??
    clearest(before.filter(({ kind }) => kind === 'cause')) ??
    clearest(consequences.filter(({ weak }) => !weak)) ??
    clearest(consequences) ??
    last.findLast(({ weak }) => weak)
  );
}

function isPlainVerdict({ kind, vague }: Candidate): boolean {
  return kind === 'verdict' && !vague;
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
