import type { CleanupPlan, PlanLine } from '../../../functions/shared/model/cleanup/cleanup.ts';
import { cleanupCommand, guardsOf, oddRootsOf } from '../../words/cleanup.ts';
import { bytes, figure, plural, relative, stamp } from '../../words/figures.ts';
import { keptInWords, reasonInWords } from '../../words/keep.ts';
import { table } from '../../words/table.ts';
import { oneLine, paint } from '../../words/terminal.ts';

/** Up to this number, kept jobs are listed one by one. */
const KEPT_LISTED = 20;
/** A reason of so few jobs lists them in any case. */
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

/** A plan as a person reads it: what it comes to, why in groups, the paths, and what to do next. */
export function planInWords(plan: CleanupPlan, lines: readonly PlanLine[], view: PlanView): string[] {
  const { runs = [] } = view;
  return [
    ...planToAgreeTo(plan, lines, view),
    ...runs.map((run) => `undo what ${run} deleted: ${paint.cyan(cleanupCommand(`undo ${run}`))}`),
    ...nextInWords(plan),
  ];
}

/** What a person must have seen who lets a plan go on: totals first, then the reasons in groups, then the paths. */
export function planToAgreeTo(
  plan: CleanupPlan,
  lines: readonly PlanLine[],
  { all, width }: Omit<PlanView, 'runs'>,
): string[] {
  const deletes = lines.filter(({ decision }) => decision === 'delete');
  const keeps = lines.filter(({ decision }) => decision === 'keep');
  const groups = groupsOf(deletes, keeps);
  const each = [
    ...deletes.map((line) => ({ line, cells: deletionRow(line) })),
    ...keptOneByOne(keeps, all).map((line) => ({ line, cells: keepingRow(line) })),
  ];
  return [
    `${paint.bold(plan.planId)}  ${statusInWords(plan)}, made ${stamp(plan.createdAt)}`,
    '',
    ...totalsInWords(plan, lines),
    ...(groups.length > 0 ? ['', ...table(GROUP_COLUMNS, groups, { width })] : []),
    ...(each.length > 0
      ? [
          '',
          ...table(
            LINE_COLUMNS,
            each.map(({ cells }) => cells),
            { width, below: each.map(({ line }) => pathOf(line)) },
          ),
        ]
      : []),
    '',
  ];
}

const AMOUNTS = [
  { title: 'SIZE', align: 'right' as const },
  { title: 'OBJECTS', align: 'right' as const },
];
const GROUP_COLUMNS = [
  { title: '' },
  { title: 'JOBS', align: 'right' as const },
  ...AMOUNTS,
  { title: 'WHY' },
];
const LINE_COLUMNS = [
  { title: '' },
  { title: 'JOB', whole: true as const },
  { title: 'PROJECT', drop: 1 },
  ...AMOUNTS,
  { title: 'WHY' },
];

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
      { title: 'PLAN', whole: true },
      { title: 'MADE' },
      { title: '', drop: 2 },
      { title: 'JOBS', align: 'right' },
      { title: 'OBJECTS', align: 'right' },
      { title: 'SIZE', align: 'right' },
      { title: 'KEPT', align: 'right', drop: 1 },
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
      return `approved until ${stamp(plan.approvalEndsAt)}`;
    case 'applying':
      return paint.cyan('being applied');
    case 'applied':
      return paint.green(`applied ${stamp(plan.appliedAt)}`);
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

/** What goes by project, the largest first; what stays by its reason, the commonest first. */
function groupsOf(deletes: readonly PlanLine[], keeps: readonly PlanLine[]): string[][] {
  const sizeOf = (lines: readonly PlanLine[]) => sum(lines, ({ bytes: size }) => size);
  const going = [...Map.groupBy(deletes, ({ project }) => project)].sort(
    ([, a], [, b]) => (sizeOf(b) ?? 0) - (sizeOf(a) ?? 0),
  );
  const staying = [...Map.groupBy(keeps, ({ reason }) => reason)].sort(([, a], [, b]) => b.length - a.length);
  return [
    ...going.map(([project, own]) => [
      paint.red('DELETE'),
      figure(own.length),
      bytes(sizeOf(own)),
      figure(sum(own, ({ objects }) => objects)),
      `of project ${oneLine(project)}`,
    ]),
    ...staying.map(([reason, own]) => [
      paint.green('PRESERVE'),
      figure(own.length),
      bytes(sizeOf(own)),
      figure(sum(own, ({ objects }) => objects)),
      `${reasonInWords(reason, own.length)}: ${examplesOf(own)}`,
    ]),
  ];
}

function examplesOf(lines: readonly PlanLine[]): string {
  const examples = lines.slice(0, EXAMPLES).map(({ id }) => oneLine(id));
  const more = lines.length - examples.length;
  return `${examples.join(', ')}${more > 0 ? ` and ${figure(more)} more` : ''}`;
}

/** The sum over lines; `null` where it is not known of any. */
function sum(lines: readonly PlanLine[], amountOf: (line: PlanLine) => number | null): number | null {
  const known = lines.flatMap((line) => amountOf(line) ?? []);
  return known.length === 0 ? null : known.reduce((total, one) => total + one, 0);
}

/** The kept jobs that are listed by themselves: all of few, else only those of rare reasons. */
function keptOneByOne(keeps: readonly PlanLine[], all: boolean): readonly PlanLine[] {
  if (all || keeps.length <= KEPT_LISTED) return keeps;
  return [...Map.groupBy(keeps, ({ reason }) => reason).values()].filter((own) => own.length <= FEW).flat();
}

function pathOf({ uri }: PlanLine): string[] {
  return uri === null ? [] : [paint.dim(`  ${oneLine(uri)}`)];
}
