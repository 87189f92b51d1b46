/** What can be exported, and how. */
export const KINDS = ['days', 'runs', 'alarms', 'jobs'] as const;
export type Kind = (typeof KINDS)[number];

export const FORMATS = ['csv', 'ndjson'] as const;
export type Format = (typeof FORMATS)[number];
