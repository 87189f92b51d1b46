import type { Day } from '../../../functions/shared/dates.ts';
import { print, printJson } from '../../words/terminal.ts';
import { confirmWrite } from '../shared/confirm.ts';
import { connect, SILENT } from '../shared/connect.ts';
import { OpsProblem } from '../shared/problem.ts';
import { placeOf } from '../shared/target.ts';

/** Lets the new figures of a day in conflict stand. */
export async function acceptDay(date: Day, { yes, json }: { yes?: true; json?: true }): Promise<void> {
  const { target, environment, collections, ask, clock } = await connect();
  const place = placeOf(target, { database: environment.FIRESTORE_DATABASE });
  await confirmWrite(target.kind === 'real', `This accepts the new figures of ${date} in ${place}`, yes);
  const { dayStore } = await import('../../../functions/shared/store/own/days.ts');
  const at = clock.now();
  const result = await ask(`accepting ${date}`, dayStore(collections, SILENT).accept(date, { at }));
  if (result === 'missing') throw new OpsProblem(`Cannot accept ${date}: it was never collected`);
  if (result === 'no-conflict') throw new OpsProblem(`Cannot accept ${date}: it has no conflict`);
  if (json) printJson({ date, accepted: true, at });
  else print(`${date}: the new figures stand, the conflict is settled`);
}
