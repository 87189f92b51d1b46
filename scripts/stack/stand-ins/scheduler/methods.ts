import { randomUUID } from 'node:crypto';
import { isObject } from '../../../shared/objects.ts';
import { json, type Reply } from '../google/answer.ts';
import { cutPage, pageAsked } from '../google/pages.ts';
import { GoogleProblem, invalid, problemOf } from '../google/problem.ts';
import { type Job, readFields, readJob, refused } from './job.ts';
import type { LiveJob } from './live-job.ts';
import { updated } from './update.ts';

/** A request, as its method sees it. */
export interface Call {
  project: string;
  location: string;
  /** Empty where the path names none. */
  job: string;
  query: URLSearchParams;
  body: string;
  /** By their full names. */
  jobs: Map<string, LiveJob>;
  /** The locations that there are. */
  locations: readonly string[];
  /** Begins to deliver a job. */
  open(job: Job): LiveJob;
}

/** One method of Cloud Scheduler's REST API v1, as the stand-in serves it. */
export interface Method {
  /** The vendor's name, such as `jobs.list`. */
  name: string;
  verb: string;
  /** The path with the groups `project` and, below it, `location` and `job`. */
  path: RegExp;
  /** Throws a GoogleProblem that refuses the call. */
  perform(call: Call): Reply;
}

const LOCATIONS = `^/v1/projects/(?<project>[^/]+)/locations`;
const JOBS = `${LOCATIONS}/(?<location>[^/]+)/jobs`;
const JOB = `${JOBS}/(?<job>[^/:]+)`;
const PAGE_SIZE = 500;

export const METHODS: readonly Method[] = [
  {
    name: 'jobs.list',
    verb: 'GET',
    path: new RegExp(`${JOBS}$`),
    perform({ jobs, query, ...call }) {
      const asked = Number(query.get('pageSize') ?? 0);
      if (!Number.isInteger(asked) || asked < 0) throw invalid('Page size must not be negative.');
      const own = [...jobs.values()].filter((each) => each.job().name.startsWith(`${parentOf(call)}/`));
      const size = Math.min(asked || PAGE_SIZE, PAGE_SIZE);
      const { items, next } = cutPage(own, pageAsked(query.get('pageToken')), size);
      return json({
        ...(items.length > 0 && { jobs: items.map((each) => each.resource(enumsOf(query))) }),
        ...(next && { nextPageToken: next }),
      });
    },
  },
  {
    name: 'jobs.create',
    verb: 'POST',
    path: new RegExp(`${JOBS}$`),
    perform(call) {
      const given = readJob(bodyOf(call));
      const name = given.name || `${parentOf(call)}/jobs/${randomUUID()}`;
      checkName(name, call);
      if (call.jobs.has(name)) throw new GoogleProblem(409, 'ALREADY_EXISTS', `Job ${name} already exists.`);
      const live = call.open({ ...given, name });
      call.jobs.set(name, live);
      return json(live.resource(enumsOf(call.query)));
    },
  },
  { name: 'jobs.get', verb: 'GET', path: new RegExp(`${JOB}$`), perform: onJob(() => undefined) },
  {
    name: 'jobs.patch',
    verb: 'PATCH',
    path: new RegExp(`${JOB}$`),
    perform: onJob((live, call) => {
      const { name } = live.job();
      const given = bodyOf(call);
      if (given.name !== undefined && given.name !== name)
        throw refused('job.name', `Job name must be "${name}", as in the URL.`);
      // What is no field of a job is refused whether the mask names it or not.
      readFields(given);
      live.update(readJob(updated(live.job(), given, call.query.get('updateMask'))));
    }),
  },
  {
    name: 'jobs.delete',
    verb: 'DELETE',
    path: new RegExp(`${JOB}$`),
    perform(call) {
      const live = jobOf(call);
      live.end();
      call.jobs.delete(live.job().name);
      return json({});
    },
  },
  {
    name: 'jobs.pause',
    verb: 'POST',
    path: new RegExp(`${JOB}:pause$`),
    perform: onJob((live) => live.setState('PAUSED')),
  },
  {
    name: 'jobs.resume',
    verb: 'POST',
    path: new RegExp(`${JOB}:resume$`),
    perform: onJob((live) => live.setState('ENABLED')),
  },
  {
    name: 'jobs.run',
    verb: 'POST',
    path: new RegExp(`${JOB}:run$`),
    perform: onJob((live) => live.run()),
  },
  {
    name: 'locations.list',
    verb: 'GET',
    path: new RegExp(`${LOCATIONS}$`),
    perform: ({ project, locations }) =>
      json({ locations: locations.map((location) => locationResource(project, location)) }),
  },
  {
    name: 'locations.get',
    verb: 'GET',
    path: new RegExp(`${LOCATIONS}/(?<location>[^/]+)$`),
    perform: ({ project, location }) => json(locationResource(project, location)),
  },
];

/** A method on one job, answered with the job as it is then. */
function onJob(act: (live: LiveJob, call: Call) => void): Method['perform'] {
  return (call) => {
    const live = jobOf(call);
    act(live, call);
    return json(live.resource(enumsOf(call.query)));
  };
}

function jobOf(call: Call): LiveJob {
  const live = call.jobs.get(`${parentOf(call)}/jobs/${call.job}`);
  if (!live) throw problemOf(404, 'Job not found.');
  return live;
}

function checkName(name: string, call: Pick<Call, 'project' | 'location'>): void {
  if (!/^projects\/[^/]+\/locations\/[^/]+\/jobs\/[A-Za-z0-9_-]{1,500}$/.test(name))
    throw refused(
      'job.name',
      'Job name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>/jobs/<JOB_ID>".',
    );
  if (!name.startsWith(`${parentOf(call)}/`))
    throw refused('job.name', `Job name must begin with the parent "${parentOf(call)}".`);
}

function parentOf({ project, location }: Pick<Call, 'project' | 'location'>): string {
  return `projects/${project}/locations/${location}`;
}

/** Google's generated clients ask by `$alt=json;enum-encoding=int` for enums as numbers. */
function enumsOf(query: URLSearchParams): 'names' | 'numbers' {
  return /enum-encoding=int/.test(query.get('$alt') ?? '') ? 'numbers' : 'names';
}

function bodyOf({ body }: Call): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body || '{}');
  } catch (error) {
    throw invalid(`Invalid JSON payload received. ${(error as Error).message}`);
  }
  if (!isObject(value)) throw invalid('Invalid JSON payload received. The root must be an object.');
  return value;
}

function locationResource(project: string, locationId: string): object {
  return {
    name: `projects/${project}/locations/${locationId}`,
    locationId,
    labels: { 'cloud.googleapis.com/region': locationId },
  };
}
