/**
 * The ways in which programs write a place in Cloud Storage: the URI of gsutil and of Hadoop, the path under which Vertex AI
 * and Cloud Run mount it, and the addresses of its APIs and its console.
 */

/** A place as it is written. */
export interface Locator {
  /** As it is written. */
  bucket: string;
  /** Whether the bucket is part of a host's name. */
  isHost: boolean;
  /** Whether it is a path of a file system, in which `..` leads into another bucket. */
  isMount: boolean;
  /** Every name of an object or folder in the bucket that the text may mean, the likeliest first; empty for the bucket. */
  names: string[];
  /** What is odd about the spelling; `undefined` where nothing is. */
  fault: string | undefined;
}

/** How often a name may have been percent-encoded. */
const MOST_ENCODINGS = 3;

/** The place that a text names; `undefined` when it is written in none of these ways. */
export function locatorIn(text: string): Locator | undefined {
  return fromUri(text) ?? fromMount(text) ?? fromAddress(text.trim());
}

/** Where another place begins: a scheme, or behind what separates two of them any scheme, or the mount. */
const NEXT_PLACE =
  /(?<=[^a-z\d+.-])(?=(?:gs|gcs|s3|file|https?):\/)|(?<=\+)(?=gs:\/\/)|(?<=[,;|&\s'"`(])(?=[a-z][a-z\d+.-]{1,20}:\/)|(?:(?<=[,;|&\s'"`(])|(?<=:)(?<!file:))(?=\/gcs\/)/i;

/**
 * The parts of a text in which places follow each other, as lists and doubled prefixes do; one part where it is one place.
 * What separates a part from the next may belong to its name: such a part comes with and without it.
 */
export function placesIn(text: string): string[] {
  const parts = text.split(NEXT_PLACE).filter((part) => part.trim() !== '');
  if (parts.length < 2) return parts;
  return parts.flatMap((part) => {
    const bare = withoutSeparators(part);
    return bare === '' || bare === part.trimEnd() ? [part] : [bare, part];
  });
}

/** Returns a text without the separators at its end. No pattern does this in time that a long text only doubles. */
function withoutSeparators(text: string): string {
  let end = text.length;
  while (end > 0 && /[,;|:&\s]/.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** `gs://bucket/name`; also with `gcs`, in upper case, with blanks around it, and as path libraries leave it: `gs:/bucket`. */
function fromUri(text: string): Locator | undefined {
  const [match, scheme = '', slashes = '', bucket = '', name = ''] =
    /^\s*(gs|gcs):(\/\/?)([^/\s]*)(?:\/(.*))?\s*$/isu.exec(text) ?? [];
  if (match === undefined) return undefined;
  const fault = slashes.length === 2 ? undefined : `it has not two slashes after ${scheme}:`;
  return plain(bucket, name, fault);
}

/** `/gcs/bucket/name`, where a bucket is mounted as a file system. */
function fromMount(text: string): Locator | undefined {
  const [match, bucket = '', name = ''] =
    /^\s*(?:file:(?:\/\/)?)?\/gcs\/([^/\s]*)(?:\/(.*))?\s*$/isu.exec(text) ?? [];
  return match === undefined ? undefined : { ...plain(bucket, name, undefined), isMount: true };
}

/** The names that a text may mean in which percent-encoding is not usual, but may be. */
function plain(bucket: string, written: string, fault: string | undefined): Locator {
  const name = written.trimEnd();
  const generation = /^(.+)#\d{10,}$/s.exec(name)?.[1];
  // A name may end in a blank, but in nothing else that is trimmed.
  const isBlank = /^ +$/.test(written.slice(name.length));
  const literal = [name, ...(isBlank ? [written] : []), ...(generation ? [generation] : [])];
  return {
    bucket,
    isHost: false,
    isMount: false,
    names: [...literal, ...literal.flatMap(decodings)],
    fault: fault ?? (generation ? 'it names one generation of an object' : undefined),
  };
}

/** `storage.googleapis.com/bucket/name` and its like: the bucket is the first folder. */
const BY_PATH =
  /^(?:(?:storage|commondatastorage|storage-download|content-storage)\.googleapis\.com|storage\.[a-z0-9-]+\.rep\.googleapis\.com|storage(?:\.mtls)?\.cloud\.google\.com)$/;
/** `bucket.storage.googleapis.com/name`. */
const BY_HOST =
  /^(.+)\.(?:(?:storage|commondatastorage|storage-download)\.googleapis\.com|storage\.[a-z0-9-]+\.rep\.googleapis\.com)$/;
/** The JSON API, and Firebase's. */
const BY_API =
  /^(?:(?:www|storage|content-storage|storage-download|content)\.googleapis\.com|storage(?:\.mtls)?\.cloud\.google\.com|firebasestorage\.googleapis\.com|storage\.[a-z0-9-]+\.rep\.googleapis\.com)$/;
const API_PATH =
  /^\/(?:(?:download|upload|resumable\/upload)\/)?(?:storage\/v1[a-z0-9]*|v0)\/b\/([^/]+)(?:\/o(?:\/(.*))?)?\/?$/s;
const CONSOLE = /^console(?:\.mtls)?\.(?:cloud|developers)\.google\.com$/;
const CONSOLE_PATH = /^\/storage\/browser\/(?:_details\/)?([^/;]+)(?:\/(.*?))?(?:;tab=.*)?$/s;

/** An address of Cloud Storage on the web, its names percent-encoded. */
function fromAddress(text: string): Locator | undefined {
  const [match, host = '', path = '', rest = ''] =
    /^(?:https?:)?\/\/([^/?#\s]+)([^?#]*)(.*)$/isu.exec(text) ?? [];
  if (match === undefined) return undefined;
  const name = host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
  // Perhaps part of the name, where an address was put together without encoding it.
  const unsure = rest === '' ? [] : [rest];
  if (CONSOLE.test(name)) return encoded(CONSOLE_PATH.exec(path), []);
  const api = BY_API.test(name) ? API_PATH.exec(path) : null;
  if (api) return encoded(api, unsure);
  if (BY_PATH.test(name)) return encoded(/^\/([^/]+)(?:\/(.*))?$/s.exec(path), unsure);
  const [, bucket] = BY_HOST.exec(name) ?? [];
  return bucket === undefined ? undefined : { ...encodedIn(bucket, path.slice(1), unsure), isHost: true };
}

function encoded(found: RegExpExecArray | null, unsure: readonly string[]): Locator | undefined {
  const [, bucket, name = ''] = found ?? [];
  return bucket === undefined ? undefined : encodedIn(bucket, name, unsure);
}

function encodedIn(bucket: string, name: string, unsure: readonly string[]): Locator {
  const longer = unsure.map((rest) => name + rest);
  return {
    bucket,
    isHost: false,
    isMount: false,
    names: [...decodings(name), name, ...longer, ...longer.flatMap(decodings)],
    fault: undefined,
  };
}

/** What a name is when its percent-encoding is taken away, once and again; none where it has none. */
function decodings(name: string): string[] {
  const found: string[] = [];
  for (let last = name; found.length < MOST_ENCODINGS; ) {
    const next = decoded(last);
    if (next === last) break;
    found.push(next);
    last = next;
  }
  return found;
}

/** Decodes what is UTF-8; other escapes stay as they are. */
function decoded(name: string): string {
  return name.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}
