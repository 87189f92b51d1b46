import {
  isBucketName,
  type Place,
  type Prefix,
  readPlace,
  uriOf,
} from '../../shared/model/artifact/artifact.ts';
import { otherReadings } from '../../shared/model/artifact/other-readings.ts';
import type { PrefixIndex } from '../../shared/model/artifact/prefix-index.ts';
import { isUnreadable } from '../../shared/model/job/job.ts';
import { quoted } from '../../shared/model/reading/reading.ts';
import type { PlannedJob, Said } from './decision.ts';

/** The meaning of a text that names artifacts, or the job that made them. */
export interface Meaning {
  /** The places that it may name. */
  reach: readonly Prefix[];
  /** The jobs that it may name. */
  jobs: readonly PlannedJob[];
  /** Whether it may also name any of `Naming.nameless`, because it is no known name. */
  mayBeNameless: boolean;
  /** Why it is not certain what it names; `null` where it is. */
  doubt: string | null;
  /** Whether it may name anything at all: then it is not known what has to stay. */
  isUnclear: boolean;
}

/** Where the text stands. */
interface Speaker {
  /** The job whose record it is in: it does not mean itself. */
  self?: PlannedJob;
  /** Whether a plain name may be that of a job whose record is gone. */
  mayBeGone?: boolean;
  /** Whether the text is one of several in a list or map: then each may be part of a place, whatever else it names. */
  isOneOfMany?: boolean;
}

export interface Naming {
  /** Jobs with an unreadable name. */
  nameless: readonly PlannedJob[];
  meaningOf(said: Said, speaker?: Speaker): Meaning;
  /** The prefixes that a job's artifact URI may mean besides the place that it names to the letter. */
  besides(job: PlannedJob, place: Place): readonly Prefix[];
}

/** What is named behind a place. */
interface Listed extends Pick<Meaning, 'jobs' | 'reach'> {
  /** Whether the text may be a list at all. */
  isList: boolean;
}

const NOTHING_LISTED: Listed = { jobs: [], reach: [], isList: false };

/** Everything that a text can name. */
interface Named {
  jobs: readonly PlannedJob[];
  /** The places where artifacts may be deleted. */
  places: PrefixIndex;
  buckets: readonly string[];
  /** The names of the models in the registries. */
  models: readonly string[];
}

const NOTHING: Meaning = { reach: [], jobs: [], mayBeNameless: false, doubt: null, isUnclear: false };

/** The rest of a longer text is not looked at. */
const LONGEST_NAME = 2_000;
/** What separates names in a list, and how many names behind a place are looked at. */
const LIST_SIGN = /[,;|\n\t]/;
const MOST_LISTED = 50;

const PLAIN_NAME = /^[\p{L}\p{N}_.-]+$/u;
const BETWEEN_NAMES = /[^\p{L}\p{N}_.-]+/u;
/** Prefixes that MLflow, users and Firestore put before the name of a run or a document. */
const PREFIXES = /^(?:(?:runs?|jobs?):\/*|projects\/[^/]+\/databases\/[^/]+\/documents\/)/i;

/**
 * Interprets the texts in records that name artifacts, or the job that another began from:
 *
 * - a place in any spelling, or a path without its bucket
 * - a job by its id, its id at the backend or its document, which a folder may follow (`job-7/checkpoint-500`,
 *   `runs:/job-7/model`)
 * - a registered model (`models:/churn/3`)
 *
 * Any other text is unclear. Everything that it resembles is among what it may mean.
 */
export function namingOf(named: Named): Naming {
  const byName = jobsByName(named.jobs);
  const byLowerName = inLowerCase(byName);
  const models = Map.groupBy(named.jobs, ({ registeredModel }) => modelIn(registeredModel ?? ''));
  const known = new Set(named.models.map(modelIn));

  /** Returns the jobs of that name, of any source: where there are several, each may be meant. */
  function jobsCalled(name: string, { self }: Speaker): PlannedJob[] {
    // A name that no job has may be that of a job in another case.
    const lower = name.toLowerCase();
    const named = byName.get(name) ?? byName.get(lower) ?? byLowerName.get(lower) ?? [];
    return (Array.isArray(named) ? named : [named]).filter((job) => job !== self);
  }

  /** Returns the jobs that the whole text names. */
  function jobsNamed(text: string, speaker: Speaker): PlannedJob[] {
    const exact = jobsCalled(text, speaker);
    if (exact.length > 0) return exact;
    const last = text.slice(text.lastIndexOf('/') + 1);
    const documents = jobsCalled(last, {}).filter(({ path }) => isDocument(path, text));
    // Perhaps the full name at a backend, of which the record has the last part.
    return documents.length > 0 || !text.startsWith('projects/') ? documents : jobsCalled(last, speaker);
  }

  /** Returns the jobs whose name a text begins with, followed by a folder or the like: those with the longest such name. */
  function jobsAhead(text: string, speaker: Speaker): PlannedJob[] {
    for (let end = text.length - 1; end > 0; end--) {
      const jobs = PLAIN_NAME.test(text.charAt(end)) ? [] : jobsCalled(text.slice(0, end), speaker);
      if (jobs.length > 0) return jobs;
    }
    return [];
  }

  function meaningOfName(text: string, speaker: Speaker): Meaning {
    const model = modelIn(text);
    const registered = model === undefined ? [] : (models.get(model) ?? []);
    const isKnown = registered.length > 0 || (model !== undefined && known.has(model));
    const name = text.replace(PREFIXES, '');
    const exact = /^models:/i.test(text) ? [] : jobsNamed(name, speaker);
    if (exact.length > 0 && !speaker.isOneOfMany) return { ...NOTHING, jobs: exact };
    const ahead = jobsAhead(name, speaker);
    const within = [...new Set(name.split(BETWEEN_NAMES))].flatMap((part) => jobsCalled(part, speaker));
    const path = pathIn(text, named);
    const isGone = speaker.mayBeGone === true && PLAIN_NAME.test(name);
    const isNamed = isKnown || exact.length > 0 || ahead.length > 0;
    const isUnclear = !(isNamed || path.isPlain || isGone);
    const why = `${quoted(text)} names no place in Cloud Storage, no job and no registered model that is known`;
    return {
      reach: path.reach,
      jobs: [...new Set([...exact, ...ahead, ...within, ...registered])],
      mayBeNameless: !isNamed,
      doubt: isUnclear ? why : null,
      isUnclear,
    };
  }

  /** What is named behind a place, as in `gs://runs/b, a`: jobs and paths that are known, for a name may have commas, too. */
  function listedBehind(text: string, speaker: Speaker): Listed {
    if (!LIST_SIGN.test(text)) return NOTHING_LISTED;
    const [, ...names] = text.split(LIST_SIGN, MOST_LISTED + 2);
    const jobs: PlannedJob[] = [];
    const reach: Prefix[] = [];
    for (const name of names.map((each) => each.slice(0, LONGEST_NAME).trim())) {
      if (name === '') continue;
      jobs.push(...jobsNamed(name, speaker));
      const path = pathIn(name, named);
      if (path.isFound) reach.push(...path.reach);
    }
    return { jobs, reach, isList: jobs.length + reach.length > 0 || names.length > MOST_LISTED };
  }

  function meaningOfPlace(text: string, place: Place, speaker: Speaker): Meaning {
    const other = otherReadings(place);
    const { jobs, reach, isList } = listedBehind(text, speaker);
    if (!isList && other.length === 0) return { ...NOTHING, reach: place.reach, doubt: place.fault };
    const wanted = other.find((prefix) => named.places.overlapping(prefix));
    const either = wanted ? `it may also name ${uriOf(wanted)}` : null;
    return {
      reach: [...place.reach, ...other, ...reach],
      jobs,
      mayBeNameless: false,
      doubt: isList ? `${quoted(text)} may be a list` : (place.fault ?? either),
      isUnclear: isList,
    };
  }

  function meaningOfText(text: string, speaker: Speaker): Meaning {
    const place = readPlace(text);
    if (place.is === 'read') return meaningOfPlace(text, place.value, speaker);
    const meaning = meaningOfName(text.trim().slice(0, LONGEST_NAME), speaker);
    const turned = text.includes('\\') ? readPlace(text.replaceAll('\\', '/')) : place;
    return turned.is === 'read' ? { ...meaning, reach: [...meaning.reach, ...turned.value.reach] } : meaning;
  }

  return {
    nameless: named.jobs.filter((job) => isUnreadable(job, 'id') || isUnreadable(job, 'backendId')),
    meaningOf(said, speaker = {}) {
      if (said.is === 'read') return meaningOfText(said.value, speaker);
      // An unreadable value may mean anything that its texts mean.
      const meanings = (said.texts ?? []).map((text) =>
        meaningOfText(text, { ...speaker, isOneOfMany: true }),
      );
      // Of what was not looked at, nobody knows what it names.
      const anywhere = said.hasMore ? named.buckets.map((bucket) => ({ bucket, path: '' })) : [];
      return {
        reach: [...meanings.flatMap(({ reach }) => reach), ...anywhere],
        jobs: [...new Set(meanings.flatMap(({ jobs }) => jobs))],
        mayBeNameless: meanings.some(({ mayBeNameless }) => mayBeNameless),
        doubt: said.why,
        isUnclear: true,
      };
    },
    besides(job, place) {
      return [...otherReadings(place), ...listedBehind(job.artifactUri ?? '', { self: job }).reach];
    },
  };
}

/**
 * Indexes jobs by their names: the id, the id of the document, and the id at the backend, both whole and its last part. Nearly
 * every name belongs to one job, which is stored without an array: 100,000 jobs have several names each.
 */
function jobsByName(jobs: readonly PlannedJob[]): ReadonlyMap<string, PlannedJob | PlannedJob[]> {
  const byName = new Map<string, PlannedJob | PlannedJob[]>();
  for (const job of jobs) {
    const backend = job.backendId ?? job.id;
    const document = job.path.slice(job.path.lastIndexOf('/') + 1);
    for (const name of new Set([job.id, document, backend, backend.slice(backend.lastIndexOf('/') + 1)])) {
      const others = byName.get(name);
      if (Array.isArray(others)) others.push(job);
      else byName.set(name, others ? [others, job] : job);
    }
  }
  return byName;
}

/** Whether a text is the path of a document, with or without a slash before it. */
function isDocument(path: string, text: string): boolean {
  return text.includes('/') && path === text.replace(/^\/+/, '');
}

/** Returns a registered model and its version in one spelling, such as `churn@3`; `undefined` for any other text. */
function modelIn(text: string): string | undefined {
  const [, name, version] =
    /^(?:models:\/*)?(?:.*\/models\/)?([^/@:]+)(?:[@:]|\/(?:versions\/)?)v?(\d+)$/i.exec(text.trim()) ?? [];
  return name === undefined ? undefined : `${name}@${version}`;
}

/** The places that a path may mean. */
interface PathMeaning {
  reach: Prefix[];
  /** Whether the whole text leads to one of them, or to what holds some. */
  isFound: boolean;
  /** Whether it does, and is a path beyond doubt, for it has a slash. */
  isPlain: boolean;
}

/**
 * Returns the places that a path without its bucket, or below the folder where one is mounted, may mean: those with artifacts
 * of a job. So may a word without a slash, or a path that begins with one: `{bucket: 'runs', prefix: 'study'}`.
 */
function pathIn(text: string, { places, buckets }: Named): PathMeaning {
  const isPath = /^(?:\.\/)?[^/:]+\/[^:]*$/s.test(text);
  const isWhole = isPath || /^\/*[^/:][^:]*$/.test(text);
  const segments = text.split('/').filter((segment) => segment !== '' && segment !== '.');
  const reach: Prefix[] = [];
  let isFound = false;
  for (const [at, first] of segments.entries()) {
    const here = segments.slice(at).join('/');
    const below = segments.slice(at + 1).join('/');
    const readings = [
      ...buckets.map((bucket) => ({ bucket, path: `${here}/` })),
      ...(isBucketName(first) && below !== '' ? [{ bucket: first, path: `${below}/` }] : []),
    ];
    for (const reading of readings) {
      const found = isWhole && at === 0 ? places.overlapping(reading) : places.topmost(reading);
      if (!found) continue;
      reach.push(reading);
      isFound ||= isWhole && at === 0;
    }
  }
  return { reach, isFound, isPlain: isFound && isPath };
}

/** Indexes the same jobs by their names in lower case. */
function inLowerCase(
  byName: ReadonlyMap<string, PlannedJob | PlannedJob[]>,
): ReadonlyMap<string, PlannedJob[]> {
  const lower = new Map<string, PlannedJob[]>();
  for (const [name, jobs] of byName) {
    const key = name.toLowerCase();
    if (key === name) continue;
    lower.set(key, [...(lower.get(key) ?? []), ...(Array.isArray(jobs) ? jobs : [jobs])]);
  }
  return lower;
}
