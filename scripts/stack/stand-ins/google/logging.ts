import { type ListMethod, parameter } from './method.ts';
import { invalid, problemOf } from './problem.ts';
import type { LogLine } from './world.ts';

/** https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogSeverity */
const SEVERITIES = { INFO: 200, WARNING: 400, ERROR: 500, CRITICAL: 600 };

/**
 * entries.list of Cloud Logging v2, as its discovery document describes it
 * (https://logging.googleapis.com/$discovery/rest?version=v2, schemas ListLogEntriesResponse and LogEntry), asked as
 * Google's own client does: enums as numbers where it wants them so.
 */
export const entriesList: ListMethod = {
  api: 'logging',
  name: 'entries.list',
  verb: 'POST',
  path: /^\/v2\/entries:list$/,
  permission: 'logging.logEntries.list',
  denied: (_project, permission) =>
    problemOf(403, `Permission denied for all log views: missing ${permission}`),
  sizeParameter: 'pageSize',
  tokenParameter: 'pageToken',
  projectOf: (query) => /^projects\/([^/]+)$/.exec(parameter(query, 'resourceNames') ?? '')?.[1] ?? '',
  list({ project, logs }, query) {
    const matches = filterOf(parameter(query, 'filter') ?? '');
    const order = parameter(query, 'orderBy') ?? 'timestamp asc';
    if (!/^timestamp (asc|desc)$/.test(order)) throw invalid(`Unsupported order: ${order}`);
    const sign = order.endsWith('desc') ? -1 : 1;
    const numbers = query.get('$alt')?.includes('enum-encoding=int') === true;
    return {
      items: logs.filter(matches).sort((a, b) => sign * (a.at.getTime() - b.at.getTime())),
      defaultSize: 50,
      body: (lines, nextPageToken) => ({
        ...(lines.length > 0 && {
          entries: (lines as LogLine[]).map((line) => entryOf(line, project, numbers)),
        }),
        ...(nextPageToken && { nextPageToken }),
      }),
    };
  },
};

/** Whether a line matches a filter such as `a="b" AND severity>=ERROR AND NOT logName:"c"`. */
function filterOf(filter: string): (line: LogLine) => boolean {
  const terms = filter.split(/ AND (?=(?:[^"]*"[^"]*")*[^"]*$)/).map((term) => {
    const [, not, field = '', operator, value] =
      /^(NOT )?([\w.]+(?:\."[^"]+")?)(=|>=|:)"?([^"]*)"?$/.exec(term.trim()) ?? [];
    if (!operator || value === undefined) throw invalid(`Unparseable filter: ${filter}`);
    return { not: not !== undefined, field, operator, value };
  });
  return (line) =>
    terms.every(({ not, field, operator, value }) => not !== holds(line, field, operator, value));
}

function holds(line: LogLine, field: string, operator: string, value: string): boolean {
  if (field === 'severity' && operator === '>=') {
    const least = SEVERITIES[value as keyof typeof SEVERITIES];
    if (least === undefined) throw invalid(`Unknown severity: ${value}`);
    return SEVERITIES[line.severity] >= least;
  }
  if (field === 'timestamp' && operator === '>=') return line.at.getTime() >= Date.parse(value);
  const fields: Record<string, string> = {
    'resource.type': 'cloud_run_job',
    'resource.labels.location': line.region,
    'resource.labels.job_name': line.job,
    'labels."run.googleapis.com/execution_name"': line.execution,
    logName: 'run.googleapis.com%2Fstderr',
  };
  const found = fields[field];
  if (found === undefined || operator === '>=')
    throw invalid(`This stand-in cannot filter by ${field}${operator}`);
  return operator === ':' ? found.includes(value) : found === value;
}

function entryOf(line: LogLine, project: string, numbers: boolean): object {
  const { execution, job, region, at, severity, payload } = line;
  return {
    insertId: `${at.getTime()}-${execution}`,
    logName: `projects/${project}/logs/run.googleapis.com%2Fstderr`,
    resource: { type: 'cloud_run_job', labels: { project_id: project, location: region, job_name: job } },
    timestamp: at.toISOString(),
    receiveTimestamp: at.toISOString(),
    severity: numbers ? SEVERITIES[severity] : severity,
    labels: { 'run.googleapis.com/execution_name': execution, 'run.googleapis.com/task_index': '0' },
    ...(typeof payload === 'string' ? { textPayload: payload } : { jsonPayload: payload }),
  };
}
