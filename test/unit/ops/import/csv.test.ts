import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { csvRecords } from '../../../../scripts/ops/import/csv.ts';
import { linesOf } from '../../../../scripts/ops/import/lines.ts';

async function* chunksOf(text: string, size: number): AsyncGenerator<string> {
  for (let start = 0; start < text.length; start += size) yield text.slice(start, start + size);
}

/** Each record as `line: its fields`, or as `line! the reason`. */
async function read(text: string, chunkSize = 5): Promise<string[]> {
  const records: string[] = [];
  for await (const record of csvRecords(linesOf(chunksOf(text, chunkSize))))
    records.push(
      'reason' in record ? `${record.line}! ${record.reason}` : `${record.line}: ${record.fields.join('|')}`,
    );
  return records;
}

describe('csvRecords()', () => {
  for (const [name, text, expected] of [
    ['reads plain lines', 'a,b\n1,2\n', ['1: a|b', '2: 1|2']],
    ['needs no newline at the end', 'a,b\n1,2', ['1: a|b', '2: 1|2']],
    ['drops a byte order mark', '\ufeffa,b\n', ['1: a|b']],
    ['reads CRLF, also mixed with LF', 'a,b\r\n1,2\n3,4\r\n', ['1: a|b', '2: 1|2', '3: 3|4']],
    ['leaves out blank lines but counts them', 'a\n\n\nb\n', ['1: a', '4: b']],
    ['reads quoted commas and quotes', 'a,"b,c","d""e"\n', ['1: a|b,c|d"e']],
    ['counts a record from its first line', '"a\nb\r\nc",1\nd,2\n', ['1: a\nb\nc|1', '4: d|2']],
    ['leaves wrong column counts to the caller', 'a,b\n1\n1,2,3\n', ['1: a|b', '2: 1', '3: 1|2|3']],
    [
      'loses only the line whose quote never closes',
      'a,b\n1,"x\n3,4\n"5",6\n7,8\n',
      [
        '1: a|b',
        '2! text follows a closing quote; a quote inside a quoted value is written twice',
        '3: 3|4',
        '4: 5|6',
        '5: 7|8',
      ],
    ],
    [
      'loses only the last line when it is that one',
      'a,b\n1,2\n3,"x\n',
      ['1: a|b', '2: 1|2', '3! a quote is opened and never closed'],
    ],
    [
      'loses only the line with a stray quote',
      'a,b\n5" disk,2\n3,4\n',
      ['1: a|b', '2! a quote stands inside a value that is not quoted', '3: 3|4'],
    ],
  ] as const)
    test(name, async () => assert.deepEqual(await read(text), expected));

  test('gives up on a quote that is open for a megabyte, and reads on behind it', async () => {
    const text = `"open,1\n${'x,y\n'.repeat(300_000)}`;
    const records = await read(text, 65_536);
    assert.equal(records.length, 300_001);
    assert.match(records[0] ?? '', /^1! a quote is opened/);
    assert.equal(records[300_000], '300001: x|y');
  });

  test('reads back whatever was quoted, however it arrives', async () => {
    const value = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', ' ', 'é', '\u2028') });
    // A record of one empty value is a blank line.
    const row = fc.array(value, { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 9 }),
        async (rows, size) => {
          const text = rows
            .map((fields) => fields.map((it) => `"${it.replaceAll('"', '""')}"`).join(','))
            .join('\n');
          const read: string[][] = [];
          for await (const record of csvRecords(linesOf(chunksOf(text, size))))
            if ('fields' in record) read.push(record.fields);
          assert.deepEqual(read, rows);
        },
      ),
    );
  });
});
