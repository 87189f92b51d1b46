/**
 * `report`: what a job says of itself. One command in front of any other that tells Nightshift of its start, life, progress
 * and end, through outages, kills and clocks that are wrong; and that never delays, stops or changes it.
 *
 * How it is built. Four folders, each of small files; those that decide are pure, those that touch the world are thin:
 *
 *   command/   the words of the command line, one file each, and what several of them share
 *   child/     the command itself: starting it, its signals, terminal and standard error, why it died, ending as it ended
 *   send/      the way to the service: tokens, requests, what an answer means, batches, back-off
 *   outbox/    what is kept on disk until it is acknowledged: a folder for each execution
 *
 * command uses all of them, child and send use outbox. Nothing here imports anything of the project or any package: all of
 * it becomes one file (scripts/build) that runs wherever Node does. nightshift_report.py is the same in Python; both pass
 * one conformance suite, and keep the same files, so that either may finish what the other began.
 *
 * A report is cumulative (outbox/report.ts): it holds the whole state of one execution so far, never a difference, under a
 * number that rises. So the newest one is all that ever has to be kept or sent, and reports that are lost, doubled or late
 * do no harm. Times travel as ages on the clock of the machine (outbox/clock.ts), which nobody sets.
 *
 * The outbox (outbox/folder.ts, outbox/life.ts): no log, no pointers, no database. Each execution has one folder with one
 * writer and few files, each replaced whole: open.json, what is true from the start; now.json, the newest report; end.json,
 * the end, whose room is taken at the start; sent, the number that is acknowledged; events/, the mailbox for what others
 * have to say, such as a `report progress` of the child. A report is on disk before it is sent. A file that cannot be read
 * is told and left alone, and stops nothing.
 *
 * `exec` (command/exec.ts) in order: the folder, then the child, and only then the first byte over the network. While the
 * child lives, a tick each second takes what is in the mailbox (command/reporter.ts), and a courier carries the newest
 * report to the service, one request at a time (send/courier.ts). The child has our terminal and our files; of what it
 * writes nothing passes through us, unless `--tail` asks for the last words of its standard error (child/tee.ts). Signals
 * reach it exactly once (child/signals.ts). When it has ended, its end is on disk at once, gets `--linger` to be
 * delivered, and we end in the same way: by its exit code or by its signal (child/leave.ts).
 *
 * Whoever was killed with reports undelivered is found by the next one on the same disk (command/drain.ts): `exec` while
 * its job runs, or `report sync`. What to do with a folder is decided by what it holds and by which of its processes are
 * proven dead or alive (outbox/fate.ts, outbox/liveness.ts): their reports are delivered, a process that lost its wrapper
 * is spoken for, and of one that is gone we say so. Of what is not proven nothing is said.
 *
 * Trouble of ours is one line on standard error and never more: no URL, no token, no disk, no service. Only who says
 * `--strict` would rather not run.
 */
import './without-compilers.ts';
import { leave } from './child/leave.ts';
import { parse } from './command/parse.ts';
import { isPending } from './send/request.ts';
import { answer, tell } from './tell.ts';

/** Nothing was run: the line could not be understood, or `--strict` forbids it. The shell's own codes begin above. */
const MISUSE = 125;

main(process.argv.slice(2))
  .catch((error: Error) => {
    tell(error.message);
    return MISUSE;
  })
  .then((exitCode) => leave({ exitCode, signal: null }, isPending()));

async function main(argv: readonly string[]): Promise<number> {
  const command = parse(argv);
  switch (command.verb) {
    case 'help':
      answer((await import('./command/help.ts')).HELP);
      return 0;
    case 'exec':
      return (await import('./command/exec.ts')).exec(command.flags, command.options);
    case 'start':
      return (await import('./command/verbs.ts')).start(command.flags);
    case 'sync':
      return (await import('./command/sync.ts')).sync(command.flags, command.waitMs);
    case 'status':
      return (await import('./command/status.ts')).status(command.flags);
    default:
      return (await import('./command/verbs.ts')).say(command);
  }
}
