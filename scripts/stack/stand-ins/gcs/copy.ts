import { attributesIn } from './attributes.ts';
import { objectIn } from './body.ts';
import type { Bucket } from './bucket.ts';
import { type Call, type Method, resourceReply } from './method.ts';
import type { ObjectVersion } from './object.ts';
import { wholeNumber } from './parameters.ts';
import { checkPreconditions } from './preconditions.ts';
import { noObject } from './problem.ts';
import { objectResource } from './resource.ts';

const pathOf = (to: 'rewriteTo' | 'copyTo') =>
  new RegExp(
    `^/storage/v1/b/(?<bucket>[^/]+)/o/(?<object>[^/]+)/${to}/b/(?<toBucket>[^/]+)/o/(?<toObject>[^/]+)$`,
  );

const rewrite: Method = {
  name: 'objects.rewrite',
  verb: 'POST',
  path: pathOf('rewriteTo'),
  permission: 'storage.objects.create',
  perform(call) {
    const { bucket, version } = copied(call);
    const size = String(version.size);
    return resourceReply(call, {
      kind: 'storage#rewriteResponse',
      totalBytesRewritten: size,
      objectSize: size,
      done: true,
      resource: objectResource(bucket, version, call.origin),
    });
  },
};

const copy: Method = {
  name: 'objects.copy',
  verb: 'POST',
  path: pathOf('copyTo'),
  permission: 'storage.objects.create',
  perform(call) {
    const { bucket, version } = copied(call);
    return resourceReply(call, objectResource(bucket, version, call.origin));
  },
};

export const copyMethods: readonly Method[] = [rewrite, copy];

/** Copies content and attributes, those changed that the request names; holds stay with the source. */
function copied({ world, names, query, body }: Call): { bucket: Bucket; version: ObjectVersion } {
  const from = world.bucket(names.bucket);
  const generation = wholeNumber(query, 'sourceGeneration');
  const source = generation === undefined ? from.live(names.object) : from.version(names.object, generation);
  if (!source) throw noObject(from.name, names.object);
  checkPreconditions(query, source, { of: 'ifSource' });
  const bucket = world.bucket(names.toBucket);
  checkPreconditions(query, bucket.live(names.toObject));
  const { temporaryHold, eventBasedHold, ...attributes } = source.attributes;
  const version = bucket.add(names.toObject, source.content, attributesIn(objectIn(body), attributes));
  return { bucket, version };
}
