import type { Clock } from '../shared/clock.ts';
import { idTokens } from '../shared/cloud/id-tokens.ts';
import { SECOND_MS } from '../shared/dates.ts';
import { readVariable } from '../shared/environment.ts';
import { OLD_TOKEN_KEY, readJobToken, SHORTEST_KEY, TOKEN_KEY } from '../shared/job-tokens.ts';
import type { startService } from '../shared/start.ts';
import { isTransient } from '../shared/store/firestore/firestore.ts';
import { reportChannelStore } from '../shared/store/own/report-channels.ts';
import { reportRecordStore } from '../shared/store/own/report-records.ts';
import { reportedJobStore } from '../shared/store/sources/reported-jobs.ts';
import { openChannel } from './channel.ts';
import { identifyAnybody, identifyByToken } from './identity.ts';
import type { ReportedSource, ReportTools } from './service.ts';

/** A call of Firestore that takes longer counts as unanswered, well before the request does. */
const CALL_MS = 10 * SECOND_MS;

type Opened = Pick<
  ReturnType<typeof startService>,
  'environment' | 'settings' | 'db' | 'databaseOf' | 'collections' | 'log'
> & { clock: Clock };

/** Opens what reports are recorded with. */
export function openReport(opened: Opened): ReportTools {
  const { environment, collections, clock, log } = opened;
  const isOpen = environment.FIRESTORE_EMULATOR_HOST !== undefined;
  const keys = [TOKEN_KEY, OLD_TOKEN_KEY]
    .flatMap((name) => readVariable(name) ?? [])
    .filter((key) => key.length >= SHORTEST_KEY);
  return {
    sources: openSources(opened, isOpen),
    own: reportRecordStore(collections, log),
    identify: isOpen ? identifyAnybody : identifyByToken(environment.K_SERVICE, idTokens()),
    readToken: (token, now) => readJobToken(token, keys, now),
    isOpen,
    clock,
    log,
    callMs: CALL_MS,
    isAway: isTransient,
  };
}

function openSources(
  { settings, db, databaseOf, collections, log }: Opened,
  isOpen: boolean,
): Map<string, ReportedSource> {
  const channels = reportChannelStore(collections, log);
  return new Map(
    Object.entries(settings.sources)
      .filter(([, { reports }]) => reports !== undefined)
      .map(([name, source]) => {
        const home = { db: databaseOf(source), ours: databaseOf(source) === db };
        const store = reportedJobStore(name, source, home, log);
        return [name, { store, channel: openChannel(name, channels, { isBounded: !isOpen, log }) }];
      }),
  );
}
