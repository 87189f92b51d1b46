import type { OpsCommand } from '../shared/command.ts';

const HELP = `
Everything is asked with your own credentials: what the functions may do, terraform says.
The region of Cloud Scheduler is the one of NIGHTSHIFT_REGION unless --region names it.
The exit code is 1 when anything is not fine; what cannot be checked counts as fine.`;

/** Whether a deployment, or the local stack, has all that it needs. */
export const doctor: OpsCommand = {
  name: 'doctor',
  description: 'check a deployment, or the running stack: what is not fine, and what to do',
  reach: 'reads',
  prints: 'records',
  help: HELP,
  load: () => import('./run-doctor.ts').then((it) => it.runDoctor),
};
