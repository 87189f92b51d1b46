import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, test } from 'node:test';
import type { ParsedRow } from '../../../../../scripts/ops/import/rules/record.ts';
import { openSpool } from '../../../../../scripts/ops/import/spool.ts';

const rowOf = (id: string, line: number): ParsedRow => ({
  id,
  line,
  state: 'completed',
  values: {
    id,
    status: 'DONE',
    error: 'two\nlines, é "x"',
    endedAt: new Date(line),
    startedAt: null,
    gpus: 1.5,
  },
});
const files = () =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`nightshift-import-${process.pid}-`));

describe('openSpool()', () => {
  for (const [name, mostBuffered] of [
    ['in memory', undefined],
    ['from a file that nobody else sees', 2_000],
  ] as const)
    test(`gives back the rows of each id together, in their order, ${name}`, async () => {
      const spool = openSpool(mostBuffered);
      const rows = Array.from({ length: 3_000 }, (_, index) => rowOf(`job-${index % 700}`, index + 1));
      for (const row of rows) await spool.add(row);
      assert.deepEqual(files(), []);
      const jobs: ParsedRow[][] = [];
      for await (const some of spool.jobs()) jobs.push(some);
      await spool.close();
      assert.equal(jobs.length, 700);
      assert.deepEqual(
        new Map(jobs.map((some) => [some[0]?.id, some])),
        Map.groupBy(rows, ({ id }) => id),
      );
    });

  test('says what to do where there is no room for what is too much for the memory', async (t) => {
    const { TMPDIR } = process.env;
    t.after(() => {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    });
    process.env.TMPDIR = '/nowhere';
    const spool = openSpool(500);
    await spool.add(rowOf('a', 1));
    await assert.rejects(
      async () => {
        for (let line = 2; line < 10; line += 1) await spool.add(rowOf('a', line));
      },
      { exitCode: 1, message: /^Cannot keep rows in \/nowhere: .*\. TMPDIR names another place$/ },
    );
  });
});
