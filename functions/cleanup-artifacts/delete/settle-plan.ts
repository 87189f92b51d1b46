import type { WriteBatch } from '@google-cloud/firestore';
import type { CleanupPlan, PlanLine } from '../../shared/model/cleanup/cleanup.ts';
import {
  type AlarmChanges,
  type AlarmKind,
  type AlarmToClose,
  isAlarmOfKind,
} from '../../shared/model/run/alarm.ts';
import type { RunContext } from '../../shared/run/task.ts';
import type { CleanupPlanStore } from '../../shared/store/own/cleanup-plans.ts';
import type { Seen, Stored } from '../../shared/store/own/records.ts';
import { alarmOf } from '../plan/plan-record.ts';

/** The plan of a run, and the other plans that are open. */
export interface ThisPlan {
  record: CleanupPlan;
  /** As it is stored; `null` for a new one. */
  seen: Seen<CleanupPlan> | null;
  lines: readonly PlanLine[];
  /** The plans that were open when it was made. */
  open: readonly Stored<CleanupPlan>[];
}

type Run = Pick<RunContext<unknown>, 'commit' | 'startedAt'>;

/**
 * Stores a plan that waits for a person, in place of those that waited before. A plan that waits night after night is one
 * incident: the alarm of the plan before stays open, and gets the words of this one.
 */
export async function holdPlan(plan: ThisPlan, run: Run, plans: CleanupPlanStore): Promise<void> {
  const { record, seen } = plan;
  if (seen?.data?.status === 'waiting') return;
  const { status, policyHash, rootCounts, tripped, oddRoots } = record;
  const alarm = alarmOf(record);
  const lasting = lastingAlarm(plan, alarm.kind);
  const alarmId = lasting ?? record.alarmId;
  const found = { policyHash, rootCounts, tripped, oddRoots };
  const anew = { ...found, status, alarmId, approvedAt: null, approvalEndsAt: null };
  const close = alarmsOf(plan).filter(({ id }) => id !== lasting);
  const changes: AlarmChanges = lasting
    ? { reword: [{ id: lasting, message: alarm.message }], close }
    : { open: [alarm], close };
  await settle({ ...plan, record: { ...record, alarmId } }, anew, changes, run, plans);
}

/** Stores that a plan is being carried out; plans that waited are superseded. */
export async function beginPlan(plan: ThisPlan, run: Run, plans: CleanupPlanStore): Promise<void> {
  const { status, alarmId } = plan.seen?.data ?? {};
  const own = status === 'waiting' && alarmId ? [{ id: alarmId, because: 'no guard holds it any more' }] : [];
  await settle(plan, { status: 'applying' }, { close: [...alarmsOf(plan), ...own] }, run, plans);
}

/** A plan that was carried out. */
export interface EndedPlan {
  planId: string;
  /** The counts of roots against which the next plan is judged. */
  rootCountsAfter: Record<string, number>;
}

/** Stores that a plan was applied, and what the next plan is judged by. */
export async function endPlan(
  { planId, rootCountsAfter }: EndedPlan,
  run: Run,
  plans: CleanupPlanStore,
): Promise<void> {
  const seen = await plans.load(planId);
  // Read anew: a person may have approved another plan meanwhile.
  const state = await plans.state();
  await run.commit((batch) => {
    plans.change(batch, seen, { status: 'applied', appliedAt: run.startedAt });
    plans.putState(batch, state, {
      ...state.data,
      appliedRootCounts: rootCountsAfter,
      appliedPlanId: planId,
    });
  });
}

/** Commits together the plan, the plans that it supersedes, and the alarms of all of them. */
async function settle(
  plan: ThisPlan,
  change: Partial<CleanupPlan>,
  alarms: AlarmChanges,
  run: Run,
  plans: CleanupPlanStore,
): Promise<void> {
  const { record, seen, lines } = plan;
  if (!seen) await plans.writeLines(record.planId, lines);
  await run.commit((batch) => {
    if (seen) plans.change(batch, seen, change);
    else plans.add(batch, record);
    supersede(plan, plans)(batch);
  }, alarms);
}

function supersede({ record, open }: ThisPlan, plans: CleanupPlanStore) {
  return (batch: WriteBatch): void => {
    for (const other of others(open, record)) plans.change(batch, other, { status: 'superseded' });
  };
}

/** Returns the open alarm of that kind, of a plan that waited before. */
function lastingAlarm({ record, open }: ThisPlan, kind: AlarmKind): string | undefined {
  const waiting = others(open, record).filter(({ data }) => data.status === 'waiting');
  return waiting.flatMap(({ data }) => data.alarmId ?? []).find((id) => isAlarmOfKind(id, kind));
}

/** Returns the alarms of the plans that are superseded. */
function alarmsOf({ record, open }: ThisPlan): AlarmToClose[] {
  return others(open, record).flatMap(({ data: { alarmId } }) =>
    alarmId ? [{ id: alarmId, because: `the plan ${record.planId} has taken its place` }] : [],
  );
}

function others(open: ThisPlan['open'], { planId }: CleanupPlan): ThisPlan['open'] {
  return open.filter(({ data }) => data.planId !== planId && data.status !== 'applied');
}
