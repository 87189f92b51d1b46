import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { PLATFORM_SOURCES, SECTIONS } from '../../../functions/shared/model/day/platform.ts';
import {
  API_NAMES,
  addressOf,
  GOOGLE_APIS,
  type Permissions,
} from '../../../functions/shared/model/google-apis.ts';
import { BACKENDS } from '../../../functions/shared/model/job/backend.ts';
import { TABLE_NAMES, TABLES } from '../../../functions/shared/model/workload/tables.ts';
import { ROOT } from '../../../scripts/shared/places.ts';
import { filesBelow } from '../../support/source-files.ts';

const TABLE = 'functions/shared/model/google-apis.ts';
const clients = filesBelow('functions').filter(({ path }) => path !== TABLE);
const infra = (file: string) => readFileSync(join(ROOT, 'infra', file), 'utf8');
const permissions: string[] = API_NAMES.flatMap((api) => GOOGLE_APIS[api].permissions);

const quotedIn = (text: string) => [...text.matchAll(/"([^"]+)"/g)].map(([, inner = '']) => inner).sort();
/** The permissions in a map of iam.tf, by key. */
function grantedIn(map: string): Record<string, string[]> {
  const [, block = ''] = new RegExp(`${map} = \\{\\n(.*?)\\n {2}\\}`, 's').exec(infra('iam.tf')) ?? [];
  const lines = block.matchAll(/^ +([\w-]+) += (.*)$/gm);
  return Object.fromEntries([...lines].map(([, key = '', list = '']) => [key, quotedIn(list)]));
}
const neededBy = (needed: Permissions) => Object.values(needed).flat().sort();

describe('the table of Google APIs', () => {
  test('has the address of each, where regions have one of their own with the region', () => {
    assert.equal(addressOf('sql'), 'https://sqladmin.googleapis.com');
    assert.equal(addressOf('run', 'us-east1'), 'https://run.googleapis.com');
    assert.equal(addressOf('aiplatform', 'us-east1'), 'https://us-east1-aiplatform.googleapis.com');
  });

  test('is the only place that names an address', () => {
    const named = clients.filter(({ code }) =>
      /https:\/\/[\w$.{}-]*\b[a-z]+\.googleapis\.com[/'"`]/.test(code),
    );
    assert.deepEqual(
      named.map(({ path }) => path).filter((path) => path !== 'functions/shared/cloud/rest/credentials.ts'),
      [],
    );
  });

  test('has every permission that a call names for when it is denied', () => {
    const named = clients.flatMap(({ code }) =>
      [...code.matchAll(/permission(?::| =) '([a-z]+\.[a-zA-Z]+\.[a-zA-Z]+)'/gi)].map(
        ([, name = '']) => name,
      ),
    );
    assert.ok(named.length > 10, String(named));
    // Firestore is asked through its own client, and granted by predefined roles.
    const missing = named.filter((name) => !name.startsWith('datastore.') && !permissions.includes(name));
    assert.deepEqual(missing, []);
  });

  test('has in iam.tf, for each metric source, the permissions that its section says it needs', () => {
    assert.deepEqual(
      grantedIn('metric_permissions'),
      Object.fromEntries(PLATFORM_SOURCES.map((source) => [source, neededBy(SECTIONS[source].permissions)])),
    );
  });

  test('has in iam.tf, for each kind of backend, the permissions that asking it needs', () =>
    assert.deepEqual(
      grantedIn('backend_permissions'),
      Object.fromEntries(
        Object.entries(BACKENDS).map(([kind, { permissions }]) => [kind, neededBy(permissions)]),
      ),
    ));

  test('has in iam.tf, for each workload table, the permissions that asking it needs', () =>
    assert.deepEqual(
      grantedIn('workload_permissions'),
      Object.fromEntries(
        TABLE_NAMES.map((table) => [TABLES[table].section, neededBy(TABLES[table].permissions)]),
      ),
    ));

  test('names nothing that infra/ does not grant or enable', () => {
    const [apis, iam] = [infra('apis.tf'), infra('iam.tf')];
    const services = API_NAMES.map((api) => GOOGLE_APIS[api].service);
    assert.deepEqual(
      services.filter((service) => !apis.includes(`"${service}"`)),
      [],
    );
    assert.deepEqual(
      permissions.filter((permission) => !iam.includes(`"${permission}"`)),
      [],
    );
  });
});
