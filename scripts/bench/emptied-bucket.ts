/** Where the objects lie that are deleted; in a file of its own, for the deleters are bundled. */
export const PROJECT = 'bench';
export const BUCKET = 'acme-artifacts';
export const PATH = 'jobs/';
