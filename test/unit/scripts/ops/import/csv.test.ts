import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { csvRecords } from '../../../../../scripts/ops/import/file/csv.ts';
import { linesOf } from '../../../../../scripts/ops/import/file/lines.ts';
import { sized } from '../../../../support/soak.ts';

async function* chunksOf(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

/** Each record as `line: its fields`, or as `line! the reason`. */
async function read(
  text: string,
  {
    chunkSize = 5,
    delimiter = ',',
    longest,
  }: { chunkSize?: number; delimiter?: string; longest?: number } = {},
): Promise<string[]> {
  const records: string[] = [];
  for await (const record of csvRecords(linesOf(chunksOf(text, chunkSize), longest), delimiter, longest))
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

  test('splits at the delimiter that was named, and at no comma', async () => {
    assert.deepEqual(await read('id;gpus\na;1,5\n"b;c";2\n', { delimiter: ';' }), [
      '1: id|gpus',
      '2: a|1,5',
      '3: b;c|2',
    ]);
    assert.deepEqual(await read('a\t"b\tc"\n', { delimiter: '\t' }), ['1: a|b\tc']);
  });

  test('gives up on a quote that is open for too long, and reads on behind it', async () => {
    const text = `"open,1\n${'x,y\n'.repeat(3_000)}`;
    const records = await read(text, { chunkSize: 64, longest: 1_000 });
    assert.equal(records.length, 3_001);
    assert.match(records[0] ?? '', /^1! a quote is opened/);
    assert.equal(records[3_000], '3001: x|y');
  });

  test('loses only the line that is too long, wherever it stands', async () => {
    const long = 'x'.repeat(100);
    const told = (line: number) => `${line}! it is longer than 20 bytes`;
    for (const [text, expected] of [
      [`a,b\n${long}\n1,2\n`, ['1: a|b', told(2), '3: 1|2']],
      [`${long}\n\n1,2`, [told(1), '3: 1|2']],
      [`1,2\n${long}`, ['1: 1|2', told(2)]],
      [`${long}\n${long}\n`, [told(1), told(2)]],
      [`a,"b\n${long}\n1,2\n`, ['1! a quote is opened and never closed', told(2), '3: 1|2']],
    ] as const)
      assert.deepEqual(await read(text, { longest: 20 }), expected);
  });

  test('reads as csv-parse does, a file that both can read', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ';', '\n', ' ') });
    await fc.assert(
      fc.asyncProperty(text, async (file) => {
        let expected: string[][];
        try {
          expected = parse(file, { delimiter: ';', relax_column_count: true, skip_empty_lines: true });
        } catch {
          return;
        }
        const records: unknown[] = [];
        for await (const record of csvRecords(linesOf(chunksOf(file, 3)), ';'))
          records.push('fields' in record ? record.fields : record.reason);
        assert.deepEqual(records, expected);
      }),
      { numRuns: sized(300, 10_000) },
    );
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
          for await (const record of csvRecords(linesOf(chunksOf(text, size)), ','))
            if ('fields' in record) read.push(record.fields);
          assert.deepEqual(read, rows);
        },
      ),
    );
  });
});
