/** Running an optimizer's hooks in order, and refusing what breaks their contract. */

import type { GradientHook, Gradients, HookReport, StepContext, UpdateHook, Updates } from '../clip/index.js';

/** Runs gradient hooks until one skips the step; what each said. */
export async function runHooks(
  hooks: readonly GradientHook[],
  gradients: Gradients,
  context: StepContext,
): Promise<HookReport[]> {
  const reports: HookReport[] = [];
  for (const hook of hooks) {
    if (gradients.skipped !== null) break;
    reports.push(checked(hook.name, await hook.apply(gradients, context)));
    gradients.checkPresence(hook.name);
  }
  return reports;
}

/** Runs update hooks; where one throws, the updates are undone. */
export async function runUpdateHooks(
  hooks: readonly UpdateHook[],
  updates: Updates,
  context: StepContext,
): Promise<HookReport[]> {
  const reports: HookReport[] = [];
  try {
    for (const hook of hooks) reports.push(checked(hook.name, await hook.apply(updates, context)));
    return reports;
  } catch (error) {
    updates.undo();
    throw error;
  }
}

function checked(name: string, report: HookReport | undefined): HookReport {
  if (report) return report;
  throw new Error(`hook '${name}': must return { hook, clipped, values }, got ${report}`);
}
