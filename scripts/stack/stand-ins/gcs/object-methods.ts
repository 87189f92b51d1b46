import { attributesIn } from './attributes.ts';
import { objectIn } from './body.ts';
import type { Bucket } from './bucket.ts';
import { download } from './download.ts';
import { listObjects } from './listing.ts';
import { type Call, type Method, NO_CONTENT, resourceReply } from './method.ts';
import type { ObjectVersion } from './object.ts';
import { flag, wholeNumber } from './parameters.ts';
import { checkPreconditions } from './preconditions.ts';
import { badRequest, noObject } from './problem.ts';
import { objectResource } from './resource.ts';

const ALL = /^\/storage\/v1\/b\/(?<bucket>[^/]+)\/o$/;
const ONE = /^(?:\/download)?\/storage\/v1\/b\/(?<bucket>[^/]+)\/o\/(?<object>[^/]+)$/;
const RESTORE = /^\/storage\/v1\/b\/(?<bucket>[^/]+)\/o\/(?<object>[^/]+)\/restore$/;

const list: Method = {
  name: 'objects.list',
  verb: 'GET',
  path: ALL,
  permission: 'storage.objects.list',
  perform(call) {
    const bucket = call.world.bucket(call.names.bucket);
    const { items, prefixes, next } = listObjects(bucket, call.query, call.pageSize);
    return resourceReply(call, {
      kind: 'storage#objects',
      ...(next && { nextPageToken: next }),
      ...(prefixes.length > 0 && { prefixes }),
      ...(items.length > 0 && { items: items.map((each) => objectResource(bucket, each, call.origin)) }),
    });
  },
};

const get: Method = {
  name: 'objects.get',
  verb: 'GET',
  path: ONE,
  permission: 'storage.objects.get',
  perform(call) {
    const { query, headers, origin } = call;
    const softDeleted = flag(query, 'softDeleted');
    const { bucket, version } = softDeleted ? restorableIn(call) : versionIn(call);
    checkPreconditions(query, version, { reads: true });
    if (query.get('alt') !== 'media') return resourceReply(call, objectResource(bucket, version, origin));
    if (softDeleted) throw badRequest('What is soft-deleted cannot be read before it is restored.');
    return download(version, headers.range);
  },
};

const patch: Method = {
  name: 'objects.patch',
  verb: 'PATCH',
  path: ONE,
  permission: 'storage.objects.update',
  perform(call) {
    const { bucket, version } = versionIn(call);
    checkPreconditions(call.query, version);
    bucket.patch(version, attributesIn(objectIn(call.body), version.attributes));
    return resourceReply(call, objectResource(bucket, version, call.origin));
  },
};

const remove: Method = {
  name: 'objects.delete',
  verb: 'DELETE',
  path: ONE,
  permission: 'storage.objects.delete',
  perform(call) {
    const { bucket, version } = versionIn(call);
    checkPreconditions(call.query, version);
    if (call.query.has('generation')) bucket.erase(version);
    else bucket.retire(version);
    return NO_CONTENT;
  },
};

const restore: Method = {
  name: 'objects.restore',
  verb: 'POST',
  path: RESTORE,
  permission: 'storage.objects.restore',
  perform(call) {
    const { bucket, version } = restorableIn(call);
    checkPreconditions(call.query, bucket.live(version.name));
    return resourceReply(call, objectResource(bucket, bucket.restore(version), call.origin));
  },
};

export const objectMethods: readonly Method[] = [list, get, patch, remove, restore];

interface Found {
  bucket: Bucket;
  version: ObjectVersion;
}

/** The generation that a call names, else the live object. */
function versionIn({ world, names, query }: Call): Found {
  const bucket = world.bucket(names.bucket);
  const generation = wholeNumber(query, 'generation');
  const version =
    generation === undefined ? bucket.live(names.object) : bucket.version(names.object, generation);
  if (!version) throw noObject(bucket.name, names.object);
  return { bucket, version };
}

function restorableIn({ world, names, query }: Call): Found {
  const bucket = world.bucket(names.bucket);
  const generation = wholeNumber(query, 'generation');
  if (generation === undefined) throw badRequest('Required parameter: generation');
  const version = bucket.restorable(names.object, generation);
  if (!version) throw noObject(bucket.name, names.object);
  return { bucket, version };
}
