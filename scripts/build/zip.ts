import { crc32, deflateRawSync } from 'node:zlib';

/**
 * A ZIP archive, by 4.3 of https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT. The same files make the same bytes
 * wherever and whenever they are packed: Terraform deploys what has another hash.
 */
export function zip(files: Readonly<Record<string, Buffer>>): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const name of Object.keys(files).sort()) {
    const content = files[name] as Buffer;
    const packed = deflateRawSync(content, { level: 9 });
    const described = describe(name, content, packed);
    const local = [uint32(0x04034b50), described, uint16(0), Buffer.from(name), packed];
    locals.push(...local);
    entries.push(
      ...[uint32(0x02014b50), uint16(MADE_BY_UNIX), described],
      // No extra field, comment, other disk or internal attribute.
      Buffer.alloc(8),
      ...[uint32(REGULAR_FILE), uint32(offset), Buffer.from(name)],
    );
    offset += Buffer.concat(local).length;
  }
  const directory = Buffer.concat(entries);
  const count = uint16(Object.keys(files).length);
  const end = [uint32(0x06054b50), Buffer.alloc(4), count, count, uint32(directory.length), uint32(offset)];
  return Buffer.concat([...locals, directory, ...end, uint16(0)]);
}

const VERSION = 20;
const MADE_BY_UNIX = (3 << 8) | VERSION;
/** Mode 0644. */
const REGULAR_FILE = 0o100644 * 2 ** 16;
const DEFLATED = 8;
/** The first day that a ZIP can tell: 1 January 1980. */
const DATE = (1 << 5) | 1;

/** What stands of a file before its content and again in the directory. */
function describe(name: string, content: Buffer, packed: Buffer): Buffer {
  return Buffer.concat([
    ...[uint16(VERSION), uint16(0), uint16(DEFLATED), uint16(0), uint16(DATE)],
    ...[uint32(crc32(content)), uint32(packed.length), uint32(content.length)],
    uint16(Buffer.byteLength(name)),
  ]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
