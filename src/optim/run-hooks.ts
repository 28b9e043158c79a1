/** Running an optimizer's hooks in order, and refusing what breaks their contract. */

import { told } from '../clip/checks.js';
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
    gradients.checkIntact(hook.name);
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

function checked(name: string, report: Partial<HookReport> | undefined): HookReport {
  const { hook, clipped, values } = report ?? {};
  if (typeof hook === 'string' && typeof clipped === 'boolean' && Object(values) === values) {
    checkValues(name, values!);
    return report as HookReport;
  }
  const got = Object(report) === report ? `{ ${Object.keys(report as object).join(', ')} }` : report;
  throw new Error(`hook '${name}': must return { hook, clipped, values }, got ${got}`);
}

function checkValues(name: string, values: HookReport['values']): void {
  for (const key in values) {
    if (typeof values[key] === 'number') continue;
    const got = told(values[key]);
    throw new Error(`hook '${name}': values.${key} must be a number, got ${got}; is an await missing?`);
  }
}

/** The hooks of one of an optimizer's lists. Throws where something is none, or belongs into the other list. */
export function checkedHooks<Hook extends GradientHook | UpdateHook>(
  caller: string,
  list: 'hooks' | 'updateHooks',
  hooks: readonly Hook[],
): readonly Hook[] {
  if (!Array.isArray(hooks)) {
    throw new Error(`${caller}: ${list} must be an array, got ${typeof hooks}; write ${list}: [hook]`);
  }
  for (const hook of hooks as readonly (Partial<Hook> | null)[]) {
    if (typeof hook !== 'object' || typeof hook?.name !== 'string' || typeof hook.apply !== 'function') {
      const got = hook === null ? 'null' : typeof hook;
      throw new Error(
        `${caller}: ${list} must hold objects { name, apply }, as clipByGlobalNorm(1) makes, got ${got}`,
      );
    }
    if ((hook.stage === 'update') === (list === 'updateHooks')) continue;
    throw new Error(
      list === 'hooks'
        ? `${caller}: hooks must hold gradient hooks, got '${hook.name}' with stage: 'update'; put it into updateHooks`
        : `${caller}: updateHooks must hold hooks with stage: 'update', got '${hook.name}'; put gradient hooks into hooks`,
    );
  }
  return hooks;
}
