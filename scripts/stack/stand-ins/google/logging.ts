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
    const matches = filterOf(parameter(query, 'filter') ?? '', project);
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

/** Whether a line matches a filter such as `a="b" AND c=("d" OR "e") AND severity>=ERROR AND NOT logName:"f"`. */
function filterOf(filter: string, project: string): (line: LogLine) => boolean {
  const terms = filter.split(/ AND (?=(?:[^"]*"[^"]*")*[^"]*$)/).map((term) => {
    const [, not, field = '', operator, value] =
      /^(NOT )?([\w.]+(?:\."[^"]+")?)(=|>=|:)(\(.*\)|"[^"]*"|\w+)$/.exec(term.trim()) ?? [];
    if (!operator || value === undefined) throw invalid(`Unparseable filter: ${filter}`);
    const values = value.startsWith('(') ? value.slice(1, -1).split(' OR ').map(unquoted) : [unquoted(value)];
    return { not: not !== undefined, field, operator, values };
  });
  return (line) =>
    terms.every(
      ({ not, field, operator, values }) =>
        not !== values.some((value) => holds(line, project, field, operator, value)),
    );
}

function unquoted(text: string): string {
  return text.replace(/^"(.*)"$/, '$1');
}

function holds(line: LogLine, project: string, field: string, operator: string, value: string): boolean {
  if (field === 'severity' && operator === '>=') {
    const least = SEVERITIES[value as keyof typeof SEVERITIES];
    if (least === undefined) throw invalid(`Unknown severity: ${value}`);
    return SEVERITIES[line.severity] >= least;
  }
  if (field === 'timestamp' && operator === '>=') return line.at.getTime() >= Date.parse(value);
  if (!FILTERED.includes(field) || operator === '>=')
    throw invalid(`This stand-in cannot filter by ${field}${operator}`);
  // A line that lacks the field matches nothing of it.
  const found = fieldsOf(line, project)[field];
  return found !== undefined && (operator === ':' ? found.includes(value) : found === value);
}

const FILTERED = [
  'resource.type',
  'resource.labels.location',
  'resource.labels.job_name',
  'resource.labels.build_id',
  'resource.labels.job_id',
  'labels."run.googleapis.com/execution_name"',
  'logName',
  'textPayload',
];

function fieldsOf(line: LogLine, project: string): Record<string, string | undefined> {
  const { type, labels, logName } = resourceOf(line);
  return {
    'resource.type': type,
    ...Object.fromEntries(Object.entries(labels).map(([name, value]) => [`resource.labels.${name}`, value])),
    'labels."run.googleapis.com/execution_name"': 'execution' in line ? line.execution : undefined,
    logName: `projects/${project}/logs/${logName}`,
    textPayload: typeof line.payload === 'string' ? line.payload : undefined,
  };
}

/** What a line is of, and the log that it is in. */
function resourceOf(line: LogLine): { type: string; labels: Record<string, string>; logName: string } {
  if ('build' in line) return { type: 'build', labels: { build_id: line.build }, logName: 'cloudbuild' };
  if ('customJob' in line) {
    const { customJob, replica = 'workerpool0-0' } = line;
    return { type: 'ml_job', labels: { job_id: customJob, task_name: replica }, logName: replica };
  }
  const labels = { location: line.region, job_name: line.job };
  return { type: 'cloud_run_job', labels, logName: 'run.googleapis.com%2Fstderr' };
}

/** The labels of a line of an execution; the others have none that matter here. */
function labelsOf(line: LogLine): Record<string, string> {
  if (!('execution' in line)) return {};
  return {
    'run.googleapis.com/execution_name': line.execution,
    'run.googleapis.com/task_index': String(line.task ?? 0),
    'run.googleapis.com/task_attempt': String(line.attempt ?? 0),
  };
}

function entryOf(line: LogLine, project: string, numbers: boolean): object {
  const { at, severity, payload } = line;
  const { type, labels, logName } = resourceOf(line);
  return {
    insertId: `${at.getTime()}-${Object.values(labels).join('-')}`,
    logName: `projects/${project}/logs/${logName}`,
    resource: { type, labels: { project_id: project, ...labels } },
    timestamp: at.toISOString(),
    receiveTimestamp: at.toISOString(),
    severity: numbers ? SEVERITIES[severity] : severity,
    labels: labelsOf(line),
    ...(typeof payload === 'string' ? { textPayload: payload } : { jsonPayload: payload }),
  };
}
