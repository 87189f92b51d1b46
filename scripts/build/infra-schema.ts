import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../shared/places.ts';

/**
 * `node scripts/build/infra-schema.ts`: writes the schema that the Terraform checks use where the real provider cannot be
 * downloaded, of the resources that infra/ has and of no other. Run it after a resource of another type came in.
 *
 * @cdktf/provider-google is generated from the provider's own schema, and tells of each argument whether it is required,
 * optional or computed. It ends at this version; the form is that of `terraform providers schema -json`.
 */
const PACKAGE = '@cdktf/provider-google@16.12.1';
const PROVIDER = '6.50.0';
const FILE = join(ROOT, 'test/support/google-provider-schema.json');

type Type = string | [kind: string, of: Type] | ['object', Record<string, Type>];
type Attribute = { type: Type } & Partial<Record<'required' | 'optional' | 'computed', true>>;
interface NestedBlock {
  nesting_mode: 'single' | 'list' | 'set';
  min_items?: 1;
  max_items?: 1;
  block: Block;
}
interface Block {
  attributes: Record<string, Attribute>;
  block_types: Record<string, NestedBlock>;
}

/** The body of every class of a source file, by its name. */
type Classes = Map<string, string>;

const folder = mkdtempSync(join(tmpdir(), 'infra-schema-'));
try {
  execFileSync('npm', ['pack', PACKAGE, '--silent', '--pack-destination', folder], { stdio: 'inherit' });
  execFileSync('tar', ['xzf', join(folder, readdirSync(folder)[0] as string), '-C', folder]);
  const schemas = typesUsed().map((type) => [type, { block: blockOf(type, classesOf(type)) }]);
  const schema = { provider: 'hashicorp/google', version: PROVIDER, resources: Object.fromEntries(schemas) };
  writeFileSync(FILE, JSON.stringify(schema));
  execFileSync(join(ROOT, 'node_modules/.bin/biome'), ['format', '--write', FILE], { stdio: 'inherit' });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The types of the resources in infra/, sorted. */
function typesUsed(): string[] {
  const files = readdirSync(join(ROOT, 'infra'), { recursive: true, encoding: 'utf8' });
  const types = files
    .filter((file) => file.endsWith('.tf'))
    .flatMap((file) => [
      ...readFileSync(join(ROOT, 'infra', file), 'utf8').matchAll(/^resource "(google_\w+)"/gm),
    ])
    .map(([, type]) => type as string);
  return [...new Set(types)].sort();
}

/** The classes of a resource, from the TypeScript that the package's source map holds. */
function classesOf(type: string): Classes {
  const name = type.replace(/^google_/, '').replaceAll('_', '-');
  const code = readFileSync(join(folder, 'package/lib', name, 'index.js'), 'utf8');
  const [, map = ''] = /sourceMappingURL=data:application\/json;base64,(\S+)/.exec(code) ?? [];
  const [source = ''] = JSON.parse(Buffer.from(map, 'base64').toString()).sourcesContent;
  const bodies = source.split(/^export class /m).slice(1);
  const classes: Classes = new Map(bodies.map((body: string) => [/^\w+/.exec(body)?.[0] ?? '', body]));
  const main = bodies.find((body: string) => body.includes(`tfResourceType = "${type}"`));
  if (!main) throw new Error(`Cannot find ${type} in ${PACKAGE}`);
  return classes.set(type, main);
}

/** What one class has: each member follows a comment that says what it is. */
function blockOf(name: string, classes: Classes): Block {
  const body = classes.get(name);
  if (body === undefined) throw new Error(`Cannot find class ${name} in ${PACKAGE}`);
  const block: Block = { attributes: {}, block_types: {} };
  const members = body.matchAll(
    /\/\/ (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\n([\s\S]*?)(?=\n {2}\/\/ \w+ - computed:|$)/g,
  );
  for (const [, member = '', computed, optional, required, code = ''] of members) {
    const said = { required, optional, computed };
    const [, nested, isSet] = /= new (\w+)\(this, "\w+"(?:, (true|false))?\)/.exec(code) ?? [];
    if (nested && computed === 'true' && optional === 'false')
      block.attributes[member] = { type: ['list', objectOf(elementOf(nested), classes)], computed: true };
    else if (nested)
      block.block_types[member] = {
        nesting_mode: member === 'timeouts' ? 'single' : isSet === 'true' ? 'set' : 'list',
        ...(required === 'true' && { min_items: 1 }),
        ...(nested.endsWith('OutputReference') && member !== 'timeouts' && { max_items: 1 }),
        block: blockOf(elementOf(nested), classes),
      };
    else
      block.attributes[member] = {
        type: typeOf(member, code),
        ...Object.fromEntries(
          Object.entries(said).flatMap(([key, is]) => (is === 'true' ? [[key, true]] : [])),
        ),
      };
  }
  return block;
}

/** The class of one element of a list; of a block that comes once it is the class itself. */
function elementOf(name: string): string {
  return name.replace(/List$/, 'OutputReference');
}

function objectOf(name: string, classes: Classes): Type {
  const { attributes } = blockOf(name, classes);
  return ['object', Object.fromEntries(Object.entries(attributes).map(([key, { type }]) => [key, type]))];
}

/** The type of an attribute, by the method that reads it. */
function typeOf(member: string, code: string): Type {
  if (/= new cdktf\.StringMap\(/.test(code)) return ['map', 'string'];
  const [, set, method] = /return (cdktf\.Fn\.tolist\()?this\.get(\w+)Attribute\(/.exec(code) ?? [];
  const many = set ? 'set' : 'list';
  const types: Record<string, Type> = {
    String: 'string',
    Number: 'number',
    Boolean: 'bool',
    List: [many, 'string'],
    NumberList: [many, 'number'],
    StringMap: ['map', 'string'],
  };
  const type = types[method ?? ''];
  if (!type) throw new Error(`Cannot tell the type of ${member}: ${code.slice(0, 200)}`);
  return type;
}
