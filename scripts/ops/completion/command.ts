import { Argument } from 'commander';
import type { OpsCommand } from '../shared/command.ts';

const HELP = `
Put one of these lines where your shell reads it, and type nightshift-ops, or ops once it is
an alias of it:
  source <(npx nightshift-ops completion bash)     # ~/.bashrc
  source <(npx nightshift-ops completion zsh)      # ~/.zshrc, behind compinit`;

/** Prints what makes a shell complete the commands and flags of ops. */
export const completion: OpsCommand = {
  name: 'completion',
  description: 'print what makes a shell complete commands and flags',
  reach: 'local',
  prints: 'text',
  help: HELP,
  define: (command) => command.addArgument(new Argument('<shell>', 'which one').choices(['bash', 'zsh'])),
  load: () => import('./print-completion.ts').then((it) => it.printCompletion),
};
