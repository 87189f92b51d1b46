import { useSignal } from '@preact/signals';
import { TRUSTED_MS } from '../../../../shared/model/workload/standing.ts';
import type { WorkloadTableAnswer } from '../../../api/workload-schemas.ts';
import { jobLook } from '../jobs/words.ts';
import { useAtNow } from '../live/at-now.ts';
import { Badge } from '../parts/badge.tsx';
import { Cards, Column } from '../parts/cards.tsx';
import { useHeldOrder } from '../parts/held-order.ts';
import { Icon } from '../parts/icon.tsx';
import { MovedNote } from '../parts/moved-note.tsx';
import { Since, When } from '../parts/when.tsx';
import { WorkloadRow } from './row.tsx';
import { noneWords, placeTitle, rowKey, STATES, seenAt, type WorkloadRegion } from './words.ts';

/** Rows that are shown before a person asks for all. */
const FIRST = 8;

interface TableProps {
  table: WorkloadTableAnswer;
  /** Why its record cannot be read; what was read of it before is shown all the same. */
  unreadable: string | undefined;
}

/** One table: how many there are of each state, how old each region is, and the rows. */
export function Table({ table, unreadable }: TableProps) {
  const all = useSignal(false);
  const regions = new Map(table.regions.map((region) => [region.region, region]));
  const rows = new Map(table.rows.map((row) => [rowKey(row), row]));
  const held = useHeldOrder([...rows.keys()], '');
  const id = `workloads-${table.table}`;
  const shown = all.value ? held.names : held.names.slice(0, FIRST);
  return (
    <section class="workloads" aria-labelledby={id}>
      <div class="about">
        <h3 id={id}>{table.title}</h3>
        <Counts table={table} />
        <Seen table={table} />
      </div>
      {unreadable && (
        <p class="note stale" dir="auto">
          Its record cannot be read: {unreadable}
        </p>
      )}
      <Silent regions={table.regions} />
      {rows.size === 0 && !(unreadable && table.regions.length === 0) && (
        <p class="empty">{noneWords(table)}</p>
      )}
      {rows.size > 0 && (
        <Cards
          labelledBy={id}
          onRead={held.hold}
          head={
            <>
              <Column>Workload</Column>
              <Column>Status</Column>
              <Column>{placeTitle(table)}</Column>
              <Column>Duration</Column>
              <Column>Reason</Column>
              <Column>Open</Column>
            </>
          }
        >
          {shown.map((key) => {
            const row = rows.get(key);
            return (
              row && (
                <WorkloadRow key={key} row={row} place={placeTitle(table)} region={regions.get(row.region)} />
              )
            );
          })}
        </Cards>
      )}
      <MovedNote {...held} />
      <div class="more">
        {rows.size > FIRST && (
          <button
            type="button"
            onClick={() => {
              all.value = !all.value;
            }}
          >
            {all.value ? `Show the first ${FIRST}` : `Show all ${rows.size}`}
            <span class="hidden"> of {table.title}</span>
          </button>
        )}
        <Regions table={table} />
      </div>
    </section>
  );
}

function Counts({ table: { counts, regions } }: Pick<TableProps, 'table'>) {
  const present = STATES.filter((state) => counts[state]);
  const least = regions.some(({ more }) => more) ? 'at least ' : '';
  return present.length === 0 ? null : (
    <p class="chips">
      {present.map((state) => (
        <Badge key={state} {...jobLook(state)} word={`${least}${counts[state]} ${state}`} />
      ))}
    </p>
  );
}

/** How old what answers is; in amber once that is too old to say anything of now. */
function Seen({ table: { regions, place } }: Pick<TableProps, 'table'>) {
  const seen = seenAt(regions);
  const isOld = useAtNow((nowMs) => seen !== null && nowMs - seen > TRUSTED_MS, [seen]).value;
  if (seen === null) return null;
  const answering = regions.filter(({ state }) => state === 'ok').length;
  const available = regions.filter(({ state }) => state !== 'unavailable').length;
  return (
    <p class={isOld ? 'fresh stale' : 'fresh'}>
      {isOld && <Icon name="degraded" />}
      {answering === available ? answering : `${answering} of ${available}`}{' '}
      {available === 1 ? place : `${place}s`}, as of <When at={new Date(seen).toISOString()} />
    </p>
  );
}

/** The regions that give no answer, each with why and since when, and how old its rows are. */
function Silent({ regions }: { regions: readonly WorkloadRegion[] }) {
  const silent = regions.filter(({ state }) => state === 'failed' || state === 'skipped');
  return silent.length === 0 ? null : (
    <ul class="silent">
      {silent.map((region) => (
        <li key={region.region} class="stale">
          <Icon name="degraded" />
          <bdi>{region.region}</bdi>: <Standing region={region} />
        </li>
      ))}
    </ul>
  );
}

/** How a region stands, and how old it is. */
function Standing({ region: { state, asOf, since, error } }: { region: WorkloadRegion }) {
  if (state === 'ok')
    return (
      <>
        as of <When at={asOf} />
      </>
    );
  const why = error && (
    <>
      : <bdi>{error}</bdi>
    </>
  );
  if (state === 'unavailable') return <>not available{why}</>;
  return (
    <>
      no answer{since && ' for '}
      {since && <Since at={since} />}
      {state === 'skipped' && ', and asked seldom'}; last seen <When at={asOf} />
      {why}
    </>
  );
}

/** Every region with its age; drawn once a person opens it, for there may be many. */
function Regions({ table: { regions, title, place } }: Pick<TableProps, 'table'>) {
  const isOpen = useSignal(false);
  return regions.length === 0 ? null : (
    <details
      onToggle={(event) => {
        isOpen.value = event.currentTarget.open;
      }}
    >
      <summary>
        Age of each {place}
        <span class="hidden"> of {title}</span>
      </summary>
      {isOpen.value && (
        <ul class="regions">
          {regions.map((region) => (
            <li
              key={region.region}
              class={['failed', 'skipped'].includes(region.state) ? 'stale' : undefined}
            >
              <b>{region.region}</b> <Standing region={region} />
              {region.more && '; it has more than were read'}
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}
