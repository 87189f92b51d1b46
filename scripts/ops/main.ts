#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { problemInWords } from '../shared/problem.ts';
import { PROCESS_SHELL } from '../shared/shell.ts';
import { EXIT } from './shared/problem.ts';
import { refuseUnfinishedEnd } from './unfinished.ts';

// Else the types of every file are stripped anew at each start, which takes longer than most commands do.
enableCompileCache();

const finished = refuseUnfinishedEnd();

// `ops runs ... | head` closes the pipe early: nothing more is printed, but the command does its work to the end.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

// The auth library warns about every machine that is not one of Google's; an operator's seldom is.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'MetadataLookupWarning') process.stderr.write(`${warning.name}: ${warning.message}\n`);
});

process.exitCode = await import('./program.ts').then(
  ({ runOps }) => runOps(process.argv.slice(2), PROCESS_SHELL),
  // A slip in catalog.json or settings.json fails the import itself.
  (error: unknown) => {
    process.stderr.write(`${problemInWords(error)}\n`);
    return EXIT.unreachable;
  },
);
finished();
// An open Firestore client keeps the process alive, and one that never answered would for a minute.
process.stdout.write('', () => process.exit());
