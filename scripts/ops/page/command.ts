import type { OpsCommand } from '../shared/command.ts';

const HELP = `
The page of a project is private: gcloud's proxy brings it to this machine, for whoever has run.invoker on the
service, as dashboard_viewers of Terraform have. --open opens the page of the running stack.

Examples:
  npm run -s ops -- page
  npm run -s ops -- page --open
  npm run -s ops -- page --project my-project --region europe-west4`;

/** Where the page is that shows how everything stands. */
export const page: OpsCommand = {
  name: 'page',
  description: 'where the page is that shows how everything stands',
  reach: 'reads',
  prints: 'records',
  define: (command) => command.option('--open', 'open it in the browser, where a stack runs'),
  help: HELP,
  load: () => import('./show-page.ts').then((it) => it.showPage),
};
