import type { Reply } from '../google/answer.ts';
import { attributesIn } from './attributes.ts';
import { objectIn, partsOf } from './body.ts';
import { type Call, type Method, resourceReply } from './method.ts';
import { checkPreconditions } from './preconditions.ts';
import { badRequest } from './problem.ts';
import { objectResource } from './resource.ts';
import { continueUpload, startUpload } from './resumable.ts';

/** Uploads are described at https://docs.cloud.google.com/storage/docs/uploads-downloads. */
const PATH = /^(?:\/resumable)?\/upload\/storage\/v1\/b\/(?<bucket>[^/]+)\/o$/;
const PERMISSION = 'storage.objects.create';

const insert: Method = {
  name: 'objects.insert',
  verb: 'POST',
  path: PATH,
  permission: PERMISSION,
  perform(call) {
    const { query, headers, body } = call;
    const contentType = headers['content-type'];
    switch (query.get('uploadType')) {
      case 'media':
        return store(call, contentType ? { contentType } : {}, body);
      case 'multipart': {
        const [resource, media] = partsOf(body, contentType);
        if (!resource || !media) throw badRequest('A multipart upload has two parts');
        const mediaType = media.headers['content-type'];
        return store(
          call,
          { ...(mediaType && { contentType: mediaType }), ...objectIn(resource.body) },
          media.body,
        );
      }
      case 'resumable':
        return query.has('upload_id') ? continueUpload(call, store) : startUpload(call);
      default:
        throw badRequest(`This stand-in has no uploadType ${query.get('uploadType')}`);
    }
  },
};

/** The further requests of a resumable upload. */
const append: Method = {
  name: 'objects.insert',
  verb: 'PUT',
  path: PATH,
  permission: PERMISSION,
  perform: (call) => continueUpload(call, store),
};

export const uploadMethods: readonly Method[] = [insert, append];

/** Stores an uploaded object, unless a precondition or a checksum says otherwise. */
function store(
  call: Pick<Call, 'world' | 'names' | 'query' | 'origin'>,
  resource: Record<string, unknown>,
  content: Uint8Array,
): Reply {
  const { world, names, query, origin } = call;
  const bucket = world.bucket(names.bucket);
  const name = query.get('name') ?? resource.name;
  if (typeof name !== 'string' || name === '') throw badRequest('Required');
  checkPreconditions(query, bucket.live(name));
  const attributes = attributesIn(resource);
  const version = bucket.add(name, content, attributes);
  return resourceReply({ query }, objectResource(bucket, version, origin));
}
