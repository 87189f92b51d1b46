import type { CleanupPlan, PlanLine } from '../../../functions/shared/model/cleanup/cleanup.ts';
import { cleanupCommand, guardsOf, oddRootsOf } from '../../words/cleanup.ts';
import { bytes, figure, minuteStamp, plural, relative, stamp, UNKNOWN } from '../../words/figures.ts';
import { keptInWords, reasonInWords } from '../../words/keep.ts';
import { table } from '../../words/table.ts';
import { cut, oneLine, paint } from '../../words/terminal.ts';

/** Kept jobs up to this number are told one by one. */
const KEPT_TOLD = 20;
/** A reason of so few jobs is told job by job in any case. */
const FEW = 3;
const EXAMPLES = 3;
const ODD_ROOTS_TOLD = 20;

interface PlanView {
  /** Every kept job by itself, however many there are. */
  all: boolean;
  /** Where lines end; nowhere in a pipe. */
  width?: number | undefined;
  /** The runs that deleted something of it. */
  runs?: readonly string[] | undefined;
}

/** A plan as a person reads it before it is carried out: a line for each job, then what it comes to and what to do. */
export function planInWords(
  plan: CleanupPlan,
  lines: readonly PlanLine[],
  { all, width, runs = [] }: PlanView,
): string[] {
  const deletes = lines.filter(({ decision }) => decision === 'delete');
  const keeps = lines.filter(({ decision }) => decision === 'keep');
  return [
    `${paint.bold(plan.planId)}  ${statusInWords(plan)}, made ${stamp(plan.createdAt)}`,
    '',
    ...table(
      [
        { title: '' },
        { title: 'JOB' },
        { title: 'PROJECT' },
        { title: 'SIZE', align: 'right' },
        { title: 'OBJECTS', align: 'right' },
        { title: 'WHY' },
      ],
      [
        ...deletes.map(deletionRow),
        ...(all || keeps.length <= KEPT_TOLD ? keeps.map(keepingRow) : groupedRows(keeps)),
      ],
      width,
    ),
    '',
    ...totalsInWords(plan, lines),
    ...runs.map((run) => `undo what ${run} deleted: ${paint.cyan(cleanupCommand(`undo ${run}`))}`),
    ...nextInWords(plan),
  ];
}

/** What a plan comes to, and the guards that hold it. */
export function totalsInWords(plan: CleanupPlan, lines: readonly PlanLine[]): string[] {
  const observed = lines.filter(({ decision, enforced }) => decision === 'delete' && !enforced).length;
  const kept = plan.kept === 0 ? '' : `, kept ${figure(plan.kept)} (${keptInWords(plan.keptByReason)})`;
  const guards = guardsOf(plan.tripped);
  const odd = oddRootsOf(plan.oddRoots, ODD_ROOTS_TOLD);
  return [
    `${VERBS[plan.status]} artifacts of ${plannedInWords(plan)}${kept}`,
    ...(observed > 0
      ? [`${plural(observed, 'job')} of these of sources in mode observe: nothing of them is deleted`]
      : []),
    ...(odd.length > 0
      ? [
          'roots that cannot be taken at their word:',
          ...odd.map((words) => `  ${paint.yellow('!')} ${words}`),
        ]
      : []),
    ...(guards.length > 0 && isPending(plan)
      ? [paint.yellow('waits for approval:'), ...guards.map((words) => `  ${paint.yellow('!')} ${words}`)]
      : []),
  ];
}

/** `4 jobs (132 objects, 9.9 MiB)`. */
export function plannedInWords({ deletes, objects, bytes: size }: CleanupPlan): string {
  return `${plural(deletes, 'job')} (${plural(objects, 'object')}, ${bytes(size)})`;
}

/** The plans as a table. */
export function plansInWords(plans: readonly CleanupPlan[], now: Date): string[] {
  return table(
    [
      { title: 'PLAN' },
      { title: 'MADE' },
      { title: '' },
      { title: 'JOBS', align: 'right' },
      { title: 'OBJECTS', align: 'right' },
      { title: 'SIZE', align: 'right' },
      { title: 'KEPT', align: 'right' },
      { title: 'STATUS' },
    ],
    plans.map((plan) => [
      plan.planId,
      stamp(plan.createdAt),
      paint.dim(relative(plan.createdAt, now)),
      figure(plan.deletes),
      figure(plan.objects),
      bytes(plan.bytes),
      figure(plan.kept),
      statusInWords(plan),
    ]),
  );
}

const VERBS: Record<CleanupPlan['status'], string> = {
  proposed: 'would delete',
  waiting: 'would delete',
  approved: 'will delete',
  applying: 'deletes',
  applied: 'was to delete',
  superseded: 'would have deleted',
};

function statusInWords(plan: CleanupPlan): string {
  switch (plan.status) {
    case 'proposed':
      return 'proposed by a dry run';
    case 'waiting':
      return paint.yellow('waits for approval');
    case 'approved':
      return `approved until ${minuteStamp(plan.approvalEndsAt)}`;
    case 'applying':
      return paint.cyan('being applied');
    case 'applied':
      return paint.green(`applied ${minuteStamp(plan.appliedAt)}`);
    case 'superseded':
      return paint.dim('superseded by a newer one');
  }
}

function isPending({ status }: CleanupPlan): boolean {
  return status === 'proposed' || status === 'waiting';
}

/** The command that lets a plan go on. */
function nextInWords(plan: CleanupPlan): string[] {
  const { planId, deletes, status, tripped } = plan;
  if (deletes === 0 || status === 'applied' || status === 'superseded') return [];
  if (isPending(plan) && tripped.length > 0)
    return [`approve it: ${paint.cyan(cleanupCommand(`approve ${planId}`))}`];
  return [`apply it: ${paint.cyan(cleanupCommand(`apply ${planId}`))}`];
}

function deletionRow({ id, project, bytes: size, objects, because, nearest, enforced }: PlanLine): string[] {
  const why = [
    ...(enforced ? [] : ['only observed, nothing is deleted']),
    because,
    ...(nearest ? [`nearest rule: ${nearest}`] : []),
  ];
  return [
    paint.red('DELETE'),
    oneLine(id),
    oneLine(project),
    bytes(size),
    figure(objects),
    oneLine(why.join('; ')),
  ];
}

function keepingRow({ id, project, bytes: size, objects, reason, because }: PlanLine): string[] {
  const why = `${reasonInWords(reason)}: ${because}`;
  return [paint.green('PRESERVE'), oneLine(id), oneLine(project), bytes(size), figure(objects), oneLine(why)];
}

/** Kept jobs by their reason, the commonest first; those of rare reasons one by one. */
function groupedRows(keeps: readonly PlanLine[]): string[][] {
  const groups = [...Map.groupBy(keeps, ({ reason }) => reason)].sort(([, a], [, b]) => b.length - a.length);
  return groups.flatMap(([reason, own]) => {
    if (own.length <= FEW) return own.map(keepingRow);
    const examples = own.slice(0, EXAMPLES).map(({ id }) => cut(oneLine(id), 40));
    const projects = new Set(own.map(({ project }) => project));
    const [project = ''] = projects;
    const words = `${reasonInWords(reason, own.length)}: ${examples.join(', ')} and ${figure(own.length - EXAMPLES)} more`;
    return [
      [
        paint.green('PRESERVE'),
        plural(own.length, 'job'),
        projects.size === 1 ? oneLine(project) : plural(projects.size, 'project'),
        UNKNOWN,
        UNKNOWN,
        words,
      ],
    ];
  });
}
