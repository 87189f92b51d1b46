import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { freshFolder } from '../../../../support/folders.ts';
import { type Read, readFile, type Typed } from '../../../../support/import.ts';

const MAP = ['id=id,status=state,startedAt=start,endedAt=end'];
/** Places in a hint that are for the reader to fill. */
const FILLED = { STATE: 'failed', INSTANT: '2026-01-01T00:00:00Z' };

/** A file as an import is given it. */
interface Given {
  name: string;
  content: string | Buffer;
  flags: Typed;
}

/** The import with the first hint of what was said followed; `undefined` where there is none. */
function follow(given: Given, { problem, rejections }: Read): Given | undefined {
  const said = problem ?? rejections[0]?.reason ?? '';
  const command = /(?:convert it with|make it one with): ?(.*)|make it one with (.*)/.exec(said);
  if (command) return converted((command[1] ?? command[2] ?? '').replace(/ \(after .*/, ''), given);
  const [, flag, word] =
    /add (--[a-z-]+) (.*?)(?:, or the zone.*| or --format.*)?$/.exec(said) ??
    /add (--[a-z-]+) (INSTANT)/.exec(said) ??
    [];
  if (flag === undefined || word === undefined) return undefined;
  const value = unshelled(word).replace(/STATE$|INSTANT$/, (name) => FILLED[name as keyof typeof FILLED]);
  const key = flag.slice(2).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const before = given.flags[key as keyof Typed];
  const isList = ['map', 'status', 'time'].includes(key);
  const flags = { ...given.flags, [key]: isList ? [...((before as string[]) ?? []), value] : value };
  return { ...given, flags };
}

/** What a shell makes of a word. */
function unshelled(word: string): string {
  return execFileSync('sh', ['-c', `printf %s ${word}`], { encoding: 'utf8' });
}

/** Runs a command that a hint gave, and takes what it wrote. */
function converted(command: string, given: Given): Given {
  const folder = freshFolder();
  execFileSync('sh', ['-c', command], { cwd: folder });
  const target = resolve(folder, unshelled(command.split('> ').at(-1) ?? ''));
  return { ...given, name: basename(target), content: readFileSync(target) };
}

/** Follows hints until there is nothing more to mend; what they were, and what came of it. */
async function followAll(given: Given): Promise<{ read: Read; steps: number }> {
  let at: Given | undefined = given;
  for (let steps = 0; steps < 20; steps += 1) {
    const read: Read = await readFile(at.name, at.content, at.flags);
    if (read.problem === null && read.rejections.length === 0) return { read, steps };
    const next: Given | undefined = follow(at, read);
    if (next === undefined) assert.fail(`no hint in: ${read.problem ?? read.rejections[0]?.reason}`);
    at = next;
  }
  return assert.fail('the hints lead nowhere');
}

const csv = (...rows: string[]) => ['id,state,start,end', ...rows, ''].join('\n');
const hasJq =
  existsSync('/usr/bin/jq') || existsSync('/opt/homebrew/bin/jq') || existsSync('/usr/local/bin/jq');

describe('hints of an import work when they are followed', () => {
  for (const [name, file, content, flags] of [
    [
      'statuses',
      'a.csv',
      csv(
        '1,Odd,,',
        '2,CANCELLED by 12,,',
        '3,CANCELLED by 13,,',
        "4,it's $HOME `x`,,",
        '5,,,',
        '6,"a, b=c",,',
      ),
      {},
    ],
    ['long statuses', 'a.csv', csv(`1,${'no memory '.repeat(20)},,`), {}],
    ['a zone', 'a.csv', csv('1,Odd,2026-01-01 10:00:00,2026-01-01T10:00:00.5'), {}],
    ['units of time', 'a.csv', csv('1,Odd,1767225600,1767225600000', '2,Odd,1767225600.5,1767225600001'), {}],
    ['microseconds', 'a.csv', csv('1,Odd,,1767225600000000'), {}],
    ['HTTP dates', 'a.csv', csv('1,Odd,"Thu, 01 Jan 2026 10:00:00 GMT",'), {}],
    ['text where numbers were told', 'a.csv', csv('1,Odd,2026-01-01T10:00:00Z,'), { time: ['millis'] }],
    ['seconds since an instant', 'a.csv', csv('1,Odd,0.5,60'), {}],
    [
      'ISO text beside such seconds',
      'a.csv',
      csv('1,Odd,60,2026-01-01T10:00:00Z'),
      { secondsSince: FILLED.INSTANT },
    ],
    ['a delimiter', 'a.csv', csv('1,Odd,,').replaceAll(',', ';'), {}],
    ['a pipe', 'a.csv', csv('1,Odd,,').replaceAll(',', '|'), {}],
    ['tabs', 'a.csv', csv('1,Odd,,').replaceAll(',', '\t'), {}],
    ['a format', 'a.txt', csv('1,Odd,,'), {}],
    ['UTF-16', 'a.csv', Buffer.from(`\ufeff${csv('1,Odd,,')}`, 'utf16le'), {}],
    ['UTF-16 without a mark', 'a.csv', Buffer.from(csv('1,Odd,,'), 'utf16le'), {}],
    ['Latin-1', "it's a.csv", Buffer.from(csv('1,caf\xe9,,'), 'latin1'), {}],
    ['a list of JSON', 'a.ndjson', '[{"id": 1, "state": "Odd"},\n {"id": 2, "state": "Odd"}]', {}],
    [
      'a document of JSON',
      'a.ndjson',
      '{\n  "kind": "List",\n  "items": [\n    {"id": 1, "state": "Odd"}\n  ]\n}\n',
      {},
    ],
  ] as const)
    test(name, { skip: name.includes('JSON') && !hasJq ? 'no jq' : false }, async () => {
      const map = file.endsWith('ndjson') ? ['id=id,status=state'] : MAP;
      const { read, steps } = await followAll({ name: file, content, flags: { map, ...(flags as Typed) } });
      assert.ok(steps > 0);
      assert.ok(read.jobs.length > 0);
    });

  for (const [name, content, column] of [
    ['a slip in a key', '{"id": 1, "state": "x", "endTime": null}', 'endTme'],
    ['a key that is no word', '{"id": 1, "state": "x", "end-time": null}', 'end-tine'],
    [
      'a nested key with dots',
      '{"id": 1, "state": "x", "labels": {"app.io/end": null}}',
      'labels."app.io/and"',
    ],
  ] as const)
    test(`what was meant by ${name}`, async () => {
      const flags = (it: string) => ({ map: [`id=id,status=state,endedAt=${it}`], status: ['x=failed'] });
      const { problem } = await readFile('a.ndjson', content, flags(column));
      const [, meant] = /did you mean (.*)\? \(known/.exec(problem ?? '') ?? [];
      assert.ok(meant !== undefined, problem ?? '');
      assert.equal((await readFile('a.ndjson', content, flags(meant))).jobs.length, 1);
    });

  test('packed files are read, and broken ones told', async () => {
    const flags = { map: MAP, status: ['*=failed'] };
    const packed = gzipSync(csv('1,Odd,,', '2,Odd,,'));
    assert.equal((await readFile('a.csv.gz', packed, flags)).jobs.length, 2);
    assert.match(
      (await readFile('a.csv.gz', packed.subarray(0, 30), flags)).problem ?? '',
      /^Cannot read .*a.csv.gz: unexpected end of file$/,
    );
    assert.match(
      (await readFile('a.csv', packed, flags)).problem ?? '',
      /: it is no text; CSV or NDJSON in UTF-8 is expected$/,
    );
  });
});
