import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Line, linesOf } from '../../../../../scripts/ops/import/file/lines.ts';

async function read(bytes: Buffer, size: number): Promise<Line[]> {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
  }
  const lines: Line[] = [];
  for await (const line of linesOf(chunks())) lines.push(line);
  return lines;
}

describe('linesOf()', () => {
  test('keeps every character of UTF-8, however its bytes arrive', async () => {
    const text = '\ufeffa\u2028b\r\né😀\n\n \r\nlast';
    for (const size of [1, 2, 3, 7, 100])
      assert.deepEqual(
        (await read(Buffer.from(text), size)).map((line) => ('text' in line ? line.text : line.reason)),
        ['a\u2028b', 'é😀', '', ' ', 'last'],
      );
  });

  for (const [name, bytes, encoding, message] of [
    ['UTF-16 with a mark', Buffer.from('\ufeffid,status\n', 'utf16le'), 'UTF-16', 'it is UTF-16'],
    ['UTF-16 without one', Buffer.from('id,status\n', 'utf16le'), 'UTF-16LE', 'it is UTF-16LE'],
    [
      'UTF-16, the high byte first',
      Buffer.from('id,status\n', 'utf16le').swap16(),
      'UTF-16BE',
      'it is UTF-16BE',
    ],
    ['UTF-32', Buffer.from('fffe000069000000', 'hex'), 'UTF-32', 'it is UTF-32'],
    ['Latin-1', Buffer.from('a\nb\ncaf\xe9\nd', 'latin1'), 'WINDOWS-1252', 'line 3 is not UTF-8'],
    ['an archive', Buffer.from('504b03040a00000000ff', 'hex'), undefined, 'it is no text'],
  ] as const)
    test(`refuses ${name}`, async () => {
      await assert.rejects(read(bytes, 100), { encoding, message });
    });
});
