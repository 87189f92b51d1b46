import type { Firestore } from '@google-cloud/firestore';

/** Every collection of ours. The user's own are named in settings.json and nowhere else. */
export function collections(db: Firestore, prefix: string) {
  const collection = (name: string) => db.collection(`${prefix}${name}`);
  return {
    /** One health record per task. */
    tasks: collection('tasks'),
    taskRuns: collection('taskRuns'),
    alarms: collection('alarms'),
    /** One document per day; below it `projects`, `revisions` and `dayMembers`. */
    dailyMetrics: collection('dailyMetrics'),
    /** Days that a change of records put in doubt, until they are collected again. */
    dirtyDays: collection('dirtyDays'),
    /** Per source: how far changes of its records are known. */
    sourceWatermarks: collection('sourceWatermarks'),
    /** Per metric source: how often in a row it failed. */
    metricSources: collection('metricSources'),
    /** One document per source: how its jobs stand, as the last sweep found them. */
    jobHealth: collection('jobHealth'),
    /** Per source: how far the sweep came, and what it has to remember until the next one. */
    sweepMarks: collection('sweepMarks'),
    /** One document per plan of a clean-up; below it `items` with the decisions. */
    cleanupPlans: collection('cleanupPlans'),
    /** Objects, written down before they are deleted. */
    cleanupJournal: collection('cleanupJournal'),
    cleanupState: collection('cleanupState'),
    /** Prefixes that are kept whatever the policy says. */
    artifactPins: collection('artifactPins'),
    /** One document per workload table, and `refresh`: who refreshes them, and when each was seen last. */
    workloads: collection('workloads'),
    /** Why workloads ended, so that a log is read once. */
    workloadEnds: collection('workloadEnds'),
    /** One document per source that takes reports: whether any arrive. */
    reportChannels: collection('reportChannels'),
  };
}

export type Collections = ReturnType<typeof collections>;
