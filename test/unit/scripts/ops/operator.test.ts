import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { operatorName } from '../../../../scripts/ops/shared/operator.ts';
import { freshFolder } from '../../../support/folders.ts';

describe('operatorName()', () => {
  const config = freshFolder();
  mkdirSync(join(config, 'configurations'));
  writeFileSync(join(config, 'active_config'), 'work\n');
  const file = (name: string, text: string) =>
    writeFileSync(join(config, 'configurations', `config_${name}`), text);
  file(
    'work',
    '[compute]\naccount = no@x\n\n[core]\nproject = p\naccount = ada@example.com\n\n[run]\naccount = no@x\n',
  );
  file('other', '[core]\naccount=bob@example.com\n');
  file('none', '[core]\nproject = p\n');
  const CLOUDSDK_CONFIG = config;

  test("is gcloud's account in a real project", () => {
    assert.equal(operatorName(true, { CLOUDSDK_CONFIG }), 'ada@example.com');
    const CLOUDSDK_ACTIVE_CONFIG_NAME = 'other';
    assert.equal(operatorName(true, { CLOUDSDK_CONFIG, CLOUDSDK_ACTIVE_CONFIG_NAME }), 'bob@example.com');
    assert.equal(operatorName(true, { CLOUDSDK_CONFIG, CLOUDSDK_CORE_ACCOUNT: 'eve@x' }), 'eve@x');
  });

  test('is the user of this computer on the local stack, and where gcloud knows nobody', () => {
    const user = new RegExp(`^\\S+ on ${hostname()}$`);
    assert.match(operatorName(false, { CLOUDSDK_CONFIG }), user);
    assert.match(operatorName(true, { CLOUDSDK_CONFIG, CLOUDSDK_ACTIVE_CONFIG_NAME: 'none' }), user);
    assert.match(operatorName(true, { CLOUDSDK_CONFIG: '/nowhere' }), user);
  });
});
