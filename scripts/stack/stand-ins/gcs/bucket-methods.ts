import { objectIn } from './body.ts';
import { pageAsked, sizeAsked, tokenOf } from './listing.ts';
import { type Call, type Method, NO_CONTENT, resourceReply } from './method.ts';
import { flag } from './parameters.ts';
import { badRequest, denied, storageProblem } from './problem.ts';
import { bucketResource, locationTypeOf } from './resource.ts';

const ALL = /^\/storage\/v1\/b$/;
const ONE = /^\/storage\/v1\/b\/(?<bucket>[^/]+)$/;

const list: Method = {
  name: 'buckets.list',
  verb: 'GET',
  path: ALL,
  permission: 'storage.buckets.list',
  perform(call) {
    const { world, query, origin, pageSize } = call;
    ownProject(call, this.permission);
    const prefix = query.get('prefix') ?? '';
    const page = pageAsked(query.get('pageToken'));
    const size = sizeAsked(query, pageSize);
    const found = [...world.buckets.values()]
      .filter(({ name }) => name.startsWith(prefix) && name >= page.from.name)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const unreachable = found.filter(({ reachable }) => !reachable).map(({ name }) => name);
    if (unreachable.length > 0 && !flag(query, 'returnPartialSuccess'))
      throw storageProblem(503, 'Some buckets cannot be reached.');
    const reachable = found.filter((bucket) => bucket.reachable);
    const items = reachable.slice(0, size).map((bucket) => bucketResource(bucket, origin));
    const next = reachable[size];
    return resourceReply(call, {
      kind: 'storage#buckets',
      ...(items.length > 0 && { items }),
      ...(unreachable.length > 0 && { unreachable: unreachable.map((name) => `projects/_/buckets/${name}`) }),
      ...(next && {
        nextPageToken: tokenOf({ number: page.number + 1, from: { name: next.name, generation: 0 } }),
      }),
    });
  },
};

const get: Method = {
  name: 'buckets.get',
  verb: 'GET',
  path: ONE,
  permission: 'storage.buckets.get',
  perform: (call) => resourceReply(call, bucketResource(call.world.bucket(call.names.bucket), call.origin)),
};

/** What gcloud asks before it deletes a whole folder. */
const getStorageLayout: Method = {
  name: 'buckets.getStorageLayout',
  verb: 'GET',
  path: /^\/storage\/v1\/b\/(?<bucket>[^/]+)\/storageLayout$/,
  permission: 'storage.objects.list',
  perform(call) {
    const { name: bucket, location } = call.world.bucket(call.names.bucket);
    return resourceReply(call, {
      kind: 'storage#storageLayout',
      bucket,
      location,
      locationType: locationTypeOf(location),
      hierarchicalNamespace: { enabled: false },
    });
  },
};

const insert: Method = {
  name: 'buckets.insert',
  verb: 'POST',
  path: ALL,
  permission: 'storage.buckets.create',
  perform(call) {
    const { world, origin, body } = call;
    ownProject(call, this.permission);
    const { name, location, versioning, softDeletePolicy, retentionPolicy } = objectIn(body);
    if (typeof name !== 'string' || !/^[a-z\d][\w.-]{1,220}[a-z\d]$/.test(name))
      throw badRequest(`Invalid bucket name: '${name}'`);
    if (world.buckets.has(name))
      throw storageProblem(
        409,
        'Your previous request to create the named bucket succeeded and you already own it.',
      );
    const softDeleteSeconds = secondsIn(softDeletePolicy, 'retentionDurationSeconds');
    const retentionSeconds = secondsIn(retentionPolicy, 'retentionPeriod');
    const bucket = world.addBucket({
      name,
      ...(typeof location === 'string' && { location: location.toUpperCase() }),
      versioning: valueIn(versioning, 'enabled') === true,
      ...(softDeleteSeconds !== undefined && { softDeleteSeconds }),
      ...(retentionSeconds !== undefined && { retentionSeconds }),
    });
    return resourceReply(call, bucketResource(bucket, origin));
  },
};

const remove: Method = {
  name: 'buckets.delete',
  verb: 'DELETE',
  path: ONE,
  permission: 'storage.buckets.delete',
  perform({ world, names }) {
    const { name, objects } = world.bucket(names.bucket);
    if (objects.size > 0) throw storageProblem(409, 'The bucket you tried to delete is not empty.');
    world.buckets.delete(name);
    return NO_CONTENT;
  },
};

export const bucketMethods: readonly Method[] = [list, get, getStorageLayout, insert, remove];

/** Whether another project exists is none of a stranger's business. */
function ownProject({ world, query }: Call, permission: string): void {
  if (query.get('project') !== world.project) throw denied(permission, 'project');
}

function secondsIn(policy: unknown, field: string): number | undefined {
  const value = valueIn(policy, field);
  return value === undefined ? undefined : Number(value);
}

function valueIn(of: unknown, field: string): unknown {
  return typeof of === 'object' && of !== null ? Reflect.get(of, field) : undefined;
}
