import { type GoogleProblem, problemOf } from './problem.ts';

/** What the methods of Vertex AI have in common. */

/** Names come with the number of the project, whatever it was asked by. */
export const PROJECT_NUMBER = '591020730428';

/** How Vertex AI says that a permission is missing. */
export function denied(project: string, permission: string): GoogleProblem {
  const resource = `//aiplatform.googleapis.com/projects/${project}`;
  const message = `Permission '${permission}' denied on resource '${resource}' (or it may not exist).`;
  return problemOf(403, message, {
    details: [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'IAM_PERMISSION_DENIED',
        domain: 'aiplatform.googleapis.com',
        metadata: { resource: `projects/${project}`, permission },
      },
    ],
  });
}
