import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { closedAtEnd, exitWith, PROCESS_SHELL, runIn, shell } from '../../../../scripts/shared/shell.ts';

describe('runIn()', () => {
  const given = (name: string) => ({ ...PROCESS_SHELL, env: { NAME: name } });

  test('gives each command its own shell and exit code, however they go on beside each other', async () => {
    const command = (code: number) => async () => {
      const before = shell().env.NAME;
      await turn();
      exitWith(code);
      assert.equal(shell().env.NAME, before);
      assert.equal(before, String(code));
    };
    const codes = await Promise.all([3, 4].map((code) => runIn(given(String(code)), command(code))));
    assert.deepEqual(codes, [3, 4]);
    assert.equal(await runIn(given('none'), async () => undefined), 0);
  });

  test('leaves everything else to the shell of the process', async () => {
    await runIn(given('x'), async () => exitWith(1));
    exitWith(1);
    assert.equal(shell(), PROCESS_SHELL);
    assert.equal(process.exitCode, undefined);
  });

  test('closes what was opened, once, also after a failure, and waits for no client that hangs', async () => {
    let closed = 0;
    const client = {
      async terminate(): Promise<void> {
        closed += 1;
        await new Promise(() => {});
      },
    };
    const failing = runIn(given('x'), async () => {
      closedAtEnd(client);
      assert.equal(closedAtEnd(client), client);
      await turn();
      assert.equal(closed, 0);
      throw new Error('no answer');
    });
    await assert.rejects(failing, /no answer/);
    assert.equal(closed, 1);
  });
});
