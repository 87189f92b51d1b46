import { serialQueue } from '../../../concurrency.ts';
import type { Limits } from '../../rest/rest.ts';
import type { BackendAdapter, Call } from '../backend-client.ts';
import type { Resource } from '../resource-name.ts';
import { type BackendStatus, type DatedStatus, unknown } from '../status.ts';

/** Finds the truths of many jobs in the list of their region, which is read once in a sweep, and only as far as needed. */

/** Reads one page of the list of a region; no `next` at the last one. */
export type ReadPage = (
  place: Resource,
  page: { number: number; token: string | undefined },
  limits: Limits,
) => Promise<{ jobs: (readonly [id: string, said: BackendStatus])[]; next: string | undefined }>;

/**
 * Up to so many jobs of a region are asked about one by one, without its list. In one sweep, so many jobs that are not in
 * the list of their region are asked about one by one.
 */
const ONE_BY_ONE = 20;
/** A list with more pages is read no further. */
const MAX_PAGES = 1_000;

/** Opens the lists of one sweep. */
export function vertexList(readPage: ReadPage): NonNullable<BackendAdapter<Resource>['list']> {
  const lists = new Map<string, RegionList>();
  const asked = new Map<string, number>();
  let absentLeft = ONE_BY_ONE;

  return async (jobs, { call, now }) => {
    const truths = new Map<Resource, DatedStatus>();
    const noteUnknown = (job: Resource, words: string) =>
      truths.set(job, { ...unknown(words), askedAt: now() });

    async function askPlace(place: string, those: readonly [Resource, ...Resource[]]): Promise<void> {
      const list = lists.get(place) ?? listOf(those[0], readPage);
      lists.set(place, list);
      await list.readFor(those.map(idOf), call);
      for (const job of those) {
        const truth = list.truths.get(idOf(job));
        const broken = list.broken();
        if (truth) truths.set(job, truth);
        else if (broken !== null) noteUnknown(job, broken);
        else if (absentLeft > 0) absentLeft -= 1;
        else
          noteUnknown(
            job,
            `not in the list of ${job.region}, and ${ONE_BY_ONE} others were asked after already`,
          );
      }
    }

    const places = Map.groupBy(jobs, ({ project, region }) => `${project}/${region}`);
    await Promise.all(
      [...places].map(async ([place, [first, ...others]]) => {
        const count = (asked.get(place) ?? 0) + others.length + 1;
        asked.set(place, count);
        if (first && count > ONE_BY_ONE) await askPlace(place, [first, ...others]);
      }),
    );
    return truths;
  };
}

/** The list of one region, as far as it was read. */
interface RegionList {
  truths: ReadonlyMap<string, DatedStatus>;

  /** Why a job that was not found may be in the list all the same; `null` once all of it is read. */
  broken(): string | null;

  /** Reads on until all of `ids` are found or there is no more to read. */
  readFor(ids: readonly string[], call: Call): Promise<void>;
}

function listOf(place: Resource, readPage: ReadPage): RegionList {
  const truths = new Map<string, DatedStatus>();
  const inTurn = serialQueue();
  let page: { number: number; token: string | undefined } | null = { number: 1, token: undefined };
  let broken: string | null = null;

  async function readFor(ids: readonly string[], call: Call): Promise<void> {
    const wanted = new Set(ids.filter((id) => !truths.has(id)));
    while (page !== null && wanted.size > 0) {
      const asked = page;
      const called = await call((limits) => readPage(place, asked, limits));
      page = null;
      if ('failure' in called) {
        broken = `the list of ${place.region} broke off at page ${asked.number}: ${called.failure.said}`;
        return;
      }
      const { jobs, next } = called.answer;
      for (const [id, said] of jobs) {
        // The first answer counts: a job that is added meanwhile pushes others to the next page, where they come again.
        if (!truths.has(id)) truths.set(id, { ...said, askedAt: called.askedAt });
        wanted.delete(id);
      }
      if (!next) return;
      if (next === asked.token || asked.number >= MAX_PAGES)
        broken = `the list of ${place.region} does not end, page ${asked.number}`;
      else page = { number: asked.number + 1, token: next };
    }
  }

  return {
    truths,
    broken: () => broken,
    readFor: (ids, call) => inTurn(() => readFor(ids, call)),
  };
}

function idOf({ ids: [id = ''] }: Resource): string {
  return id;
}
