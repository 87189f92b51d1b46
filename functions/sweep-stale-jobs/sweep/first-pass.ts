import { overlap } from '../../shared/concurrency.ts';
import type { Asker, Known } from '../../shared/truth/ask.ts';
import type { RecordFailure } from '../../shared/truth/candidate.ts';
import type { ScanEnd, ScanPage } from '../scan/scan.ts';
import type { Judged, Judgement, JudgementNotes } from './judge.ts';
import type { Settlement } from './settle.ts';

/** What the steps of one sweep of a source share. */
export interface Steps {
  asking: Asker;
  judgeAll: (known: readonly Known[]) => Judgement;
  settleAll: (judged: readonly Judged[], preservation: string | null | undefined) => Promise<Settlement>;
  isTimeUp: () => boolean;
}

/** What the first pass came to: every page that could be gone through in time. */
export interface FirstPass {
  settlements: Settlement[];
  notes: JudgementNotes[];
  unreadable: RecordFailure[];
  /** Candidates that the backend does not know: whether that is believed depends on all the others. */
  gone: Known[];
  end: ScanEnd;
}

/** Goes through the pages while the time lasts and ends can be written; the next page is read while one is written. */
export async function firstPass(
  pages: AsyncIterable<ScanPage | ScanEnd>,
  preservation: string | null | undefined,
  { asking, judgeAll, settleAll, isTimeUp }: Steps,
): Promise<FirstPass> {
  const settlements: Settlement[] = [];
  const notes: JudgementNotes[] = [];
  const unreadable: RecordFailure[] = [];
  const gone: Known[] = [];
  const writes = overlap();
  const isStopped = () => settlements.at(-1)?.left.length;
  const endedBy = async (end: ScanEnd): Promise<FirstPass> => {
    await writes.done();
    return { settlements, notes, unreadable, gone, end };
  };

  try {
    for await (const page of pages) {
      if (page.kind === 'end') return await endedBy(page);
      if (isStopped() || isTimeUp()) return await endedBy(leaving(page));
      const asked = await asking.about(page.candidates);
      await writes.done();
      if (isStopped()) return await endedBy(leaving(page));
      const { judged, notes: noted } = judgeAll(asked.known.filter((one) => !isGone(one)));
      gone.push(...asked.known.filter(isGone));
      unreadable.push(...page.unreadable, ...asked.unreadable);
      notes.push(noted);
      await writes.begin(async () => {
        settlements.push(await settleAll(judged, preservation));
      });
    }
    throw new Error('The scan ended without saying how');
  } finally {
    // Nothing may still be under way when the run ends.
    await writes.idle();
  }
}

/** The end of a scan whose page is not taken. */
function leaving({ from, candidates }: ScanPage): ScanEnd {
  return { kind: 'end', stoppedAt: from, left: candidates, complete: false, failure: null };
}

function isGone({ suspect: { truth, jobTruth } }: Known): boolean {
  return (truth ?? jobTruth)?.state === 'gone';
}
