import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { OnLoadResult, Plugin } from 'esbuild';

/**
 * What libraries load or compute at their start although no function of ours ever uses it, and what of ours only tests read:
 * half of the bundle, and over a quarter of the time to the first answer. `npm run bench -- cold-start` measures what is left.
 */
interface Rule {
  what: string;
  /** The package that has it. */
  of: string;
  path: RegExp;
  /** What stands in for the file. */
  instead(path: string): OnLoadResult;
}

const RULES: Rule[] = [
  {
    // 1.5 MB. The client reads and writes by protos.json; only its pipelines and bundles, and admin calls, use these.
    what: 'generated protobuf classes',
    of: 'firestore-api',
    path: /\/(?:firestore-api\/build\/protos\/protos|google-gax\/build\/protos\/(?:iam_service|locations|operations))\.js$/,
    instead: (path) => ({ contents: absent(path) }),
  },
  {
    // It creates databases and indexes, which Terraform does.
    what: "Firestore's admin client",
    of: 'firestore-api',
    path: /\/firestore-api\/build\/src\/v1\/firestore_admin_client\.js$/,
    instead: (path) => ({ contents: absent(path) }),
  },
  {
    what: 'the messages of that client',
    of: 'firestore-api',
    path: /\/firestore-api\/build\/protos\/protos\.json$/,
    instead: (path) => {
      const protos = JSON.parse(readFileSync(path, 'utf8'));
      delete protos.nested.google.nested.firestore.nested.admin;
      return { contents: JSON.stringify(protos), loader: 'json' };
    },
  },
  {
    // 0.8 MB. The client reads and writes by protos.json.
    what: "generated protobuf classes of Cloud Logging's client",
    of: 'logging-api',
    path: /\/logging-api\/build\/protos\/protos\.js$/,
    instead: (path) => ({ contents: absent(path) }),
  },
  {
    what: "generated protobuf classes of Cloud Scheduler's client",
    of: '@google-cloud/scheduler',
    path: /\/@google-cloud\/scheduler\/build\/protos\/protos\.js$/,
    instead: (path) => ({ contents: absent(path) }),
  },
  {
    // Every message is described once more, for gRPC servers that tell their clients what they serve.
    what: 'descriptors for gRPC reflection',
    of: 'protobufjs',
    path: /\/protobufjs\/ext\/descriptor\/index\.js$/,
    instead: (path) => ({
      contents: `
        const { Enum, Root, Type } = require('../..');
        const none = { file: [], $type: { toObject: () => ({}) } };
        for (const { prototype } of [Enum, Root, Type]) prototype.toDescriptor = () => none;`,
      resolveDir: dirname(path),
    }),
  },
  {
    // It uploads and downloads many files, or one in parts; with it goes an XML parser that only it uses.
    what: "Cloud Storage's transfer manager",
    of: '@google-cloud/storage',
    path: /\/@google-cloud\/storage\/build\/esm\/src\/transfer-manager\.js$/,
    instead: (path) => ({ contents: absentExports(path) }),
  },
  {
    what: "zod's messages in other languages",
    of: 'zod',
    path: /\/zod\/v4\/locales\/index\.js$/,
    instead: (path) => ({ contents: "export { default as en } from './en.js'", resolveDir: dirname(path) }),
  },
  {
    // 120 KB, for a Node without web streams.
    what: 'another implementation of web streams',
    of: 'web-streams-polyfill',
    path: /\/web-streams-polyfill\/dist\/[\w.]+\.js$/,
    instead: (path) => ({ contents: absent(path) }),
  },
  {
    // They stand beside what they explain, and only tests read them.
    what: 'the examples of the rules for reasons',
    of: 'shared/model/workload/rules',
    path: /\/functions\/shared\/model\/workload\/rules\/\w+\.ts$/,
    instead: (path) => ({ contents: readFileSync(path, 'utf8').replace(EXAMPLES, ''), loader: 'ts' }),
  },
];

const EXAMPLES = /^ {4}(?:example|counterExample):\s+(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"),\n/gm;

/** An esbuild plugin that leaves all of it out, and fails the build when a library has moved any of it. */
export function leaveOut(): Plugin {
  return {
    name: 'leave-out',
    setup(build) {
      const missed = new Set(RULES);
      for (const rule of RULES)
        build.onLoad({ filter: rule.path }, ({ path }) => {
          missed.delete(rule);
          return rule.instead(path);
        });
      build.onEnd(({ metafile }) => {
        const files = Object.keys(metafile?.inputs ?? {});
        const moved = [...missed].filter((rule) => files.some((file) => file.includes(`/${rule.of}/`)));
        return {
          errors: moved.map(({ what, path }) => ({
            text: `Cannot leave out ${what}: no file matches ${path}, mend scripts/build/leave-out.ts`,
          })),
        };
      });
    },
  };
}

/** A module whose exports can be named and handed on, as libraries do when they load; to use one throws and says why. */
function absent(path: string): string {
  return `${ABSENT}module.exports = part(${JSON.stringify(nameOf(path))});`;
}

/** The same of an ES module, whose exports have to be there by name. */
function absentExports(path: string): string {
  const names = readFileSync(path, 'utf8').matchAll(/^export (?:class|const|function) (\w+)/gm);
  const exports = [...names].map(
    ([, name]) => `export const ${name} = part(${JSON.stringify(`${nameOf(path)}.${name}`)});`,
  );
  return ABSENT + exports.join('\n');
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

const ABSENT = `
  const use = (path) => {
    throw new Error('Cannot use ' + path + ': scripts/build/leave-out.ts left it out of the bundle');
  };
  const part = (path) => new Proxy(function () {}, {
    get: (target, key) =>
      key === '__esModule' ? true : typeof key === 'symbol' || key === 'prototype' ? target[key] : part(path + '.' + key),
    apply: () => use(path),
    construct: () => use(path),
  });
`;
