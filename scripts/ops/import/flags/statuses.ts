import { type Source, wordsFor, wordToWrite } from '../../../../functions/shared/model/job/source.ts';
import { JOB_STATES, type JobState } from '../../../../functions/shared/model/job/states.ts';
import { oneOf } from '../../shared/options.ts';
import { usage } from '../../shared/problem.ts';
import { shown, splitAt, unquoted } from './pairs.ts';

/** What a status of the file means, and the word of the source that is written for it. */
export interface Meaning {
  state: JobState;
  word: string;
}

/** The meaning of a status as the file has it; `undefined` where no mapping names it. */
export type Statuses = (status: string) => Meaning | undefined;

/**
 * Reads pairs such as `Succeeded=completed` and `CANCELLED by *=cancelled`: a status that was named goes before a pattern,
 * and of patterns the first that fits counts. None fits an empty status; `=STATE` names it. Throws a usage problem.
 */
export function readStatuses(name: string, source: Source, pairs: readonly string[]): Statuses {
  const named = new Map<string, Meaning>();
  for (const pair of pairs) {
    // A status of theirs may hold any character, a state of ours no `=`.
    const [value, state] = splitAt(pair, pair.lastIndexOf('='), '--status', 'VALUE=STATE');
    const status = unquoted(value);
    const meaning = meaningOf(name, source, oneOf('state', state, JOB_STATES));
    const before = named.get(status)?.state;
    if (before !== undefined && before !== meaning.state)
      throw usage(`Cannot map status ${shown(status)} twice: to ${before} and to ${meaning.state}`);
    named.set(status, meaning);
  }
  const patterns = [...named]
    .filter(([status]) => status.includes('*'))
    .map(([status, meaning]) => ({ fits: fitsPattern(status), meaning }));
  return (status) => {
    const trimmed = status.trim();
    const exact = named.get(status) ?? named.get(trimmed);
    if (exact !== undefined || trimmed === '') return exact;
    return patterns.find(({ fits }) => fits.test(trimmed))?.meaning;
  };
}

/** `*` stands for any text. */
function fitsPattern(pattern: string): RegExp {
  const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`, 's');
}

function meaningOf(name: string, source: Source, state: JobState): Meaning {
  const word = wordToWrite(source, state);
  if (word !== undefined) return { state, word };
  const words = wordsFor(source, state);
  throw usage(
    words.length === 0
      ? `Cannot write ${state}: source "${name}" has no word for it in statuses`
      : `Cannot write ${state}: source "${name}" has several words for it (${words.join(', ')}); name one under write.${state}`,
  );
}
