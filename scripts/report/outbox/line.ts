import { crc32 } from './crc32.ts';

/** A file of the outbox as text: one line of JSON that carries its own checksum. */
export function encodeLine(value: object): string {
  const data = JSON.stringify(value);
  return `{"v":1,"crc":"${crc32(data).toString(16).padStart(8, '0')}","d":${data}}\n`;
}

const LINE = /^\{"v":1,"crc":"([0-9a-f]{8})","d":(\{.*\})\}\s*$/s;

/** What a file of the outbox holds; `undefined` where it is torn, changed or of a version that we do not know. */
export function decodeLine(text: string): object | undefined {
  const [, crc = '', data = ''] = LINE.exec(text) ?? [];
  if (data === '' || crc32(data) !== Number.parseInt(crc, 16)) return undefined;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
