import { hash } from 'node:crypto';

/** What Cloud Storage tells of an object's content so that a client can check it, both in base64. */
export interface Checksums {
  /** CRC32C (RFC 4960, appendix B), big-endian. */
  crc32c: string;
  md5Hash: string;
}

/** https://docs.cloud.google.com/storage/docs/data-validation */
export function checksumsOf(content: Uint8Array): Checksums {
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32c(content));
  return { crc32c: crc.toString('base64'), md5Hash: hash('md5', content, 'base64') };
}

/** The remainder of each byte by the polynomial of Castagnoli, reflected. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

function crc32c(content: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of content) crc = (TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
