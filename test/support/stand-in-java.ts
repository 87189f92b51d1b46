import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { freshFolder } from './folders.ts';

/** Answers as an emulator that is ready does. */
const SERVER = [
  'const port = process.argv.find((word) => word.startsWith("--port=")).slice("--port=".length);',
  'require("node:http").createServer((_, response) => response.end("Ok")).listen(port, "127.0.0.1");',
].join(' ');

/**
 * The environment of a stack that finds a Java and an emulator which do what a stack sees of them as long as nobody stores
 * anything: the real ones take both processors for seconds to start.
 */
export function standInJava(): NodeJS.ProcessEnv {
  const folder = freshFolder();
  const java = join(folder, 'java');
  const lines = [
    '#!/bin/sh',
    `[ "$1" = -version ] && { echo 'openjdk version "17.0.0"' >&2; exit; }`,
    `exec '${process.execPath}' -e '${SERVER}' -- "$@"`,
  ];
  writeFileSync(java, `${lines.join('\n')}\n`);
  chmodSync(java, 0o755);
  writeFileSync(join(folder, 'cloud-firestore-emulator-v1.0.0.jar'), '');
  return { PATH: [folder, process.env.PATH].join(delimiter), FIREBASE_EMULATORS_PATH: folder };
}
