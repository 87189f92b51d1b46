import type { Run } from '../../functions/shared/model/run/run.ts';
import { whyPartial as whyPartialOf } from '../../functions/shared/model/run/why-partial.ts';
import { oneLine } from './terminal.ts';

/** Why a run was partial, harmless in a terminal. */
export function whyPartial(run: Pick<Run, 'summary' | 'problems'>): string {
  return oneLine(whyPartialOf(run));
}
