/** Running an optimizer's hooks in order: their policies, their reports, and the refusal of what breaks the contract. */

import { checkObject, wrongKind } from '../tensor/arguments.js';
import { described } from './checks.js';
import { Gradients } from './gradients.js';
import type { GradientHook, HookReport, HookValues, StepHook, UpdateHook } from './hook.js';
import { applyPolicy, lossIsNot, policyRange } from './non-finite.js';
import type { StepContext } from './step-context.js';
import type { Updates } from './updates.js';

/** Runs gradient hooks until one skips the step; what each did. */
export async function runHooks(
  hooks: readonly GradientHook[],
  gradients: Gradients,
  context: StepContext,
): Promise<HookReport[]> {
  const reports: HookReport[] = [];
  gradients.ofBrokenLoss = lossIsNot(context.loss) !== null;
  for (const hook of hooks) {
    if (gradients.skipped !== null) break;
    const before = gradients.changes;
    if (gradients.ofBrokenLoss || !gradients.isKnownFinite) await applyPolicy(hook, gradients, context.loss);
    const values = gradients.skipped === null ? await hook.apply(gradients, context) : undefined;
    gradients.checkIntact(hook.name);
    reports.push(reportOf(hook.name, gradients.changes !== before, values));
  }
  return reports;
}

/** Runs one gradient hook as an optimizer does, its policy first. Throws if the step was skipped before. */
export async function runHook(
  hook: GradientHook,
  gradients: Gradients,
  context: StepContext,
): Promise<HookReport> {
  if (typeof (hook as Partial<GradientHook> | null)?.apply !== 'function') {
    throw wrongKind('runHook', 'the hook', 'an object { name, apply }', hook);
  }
  if (!(gradients instanceof Gradients)) {
    throw wrongKind('runHook', 'the second argument', 'Gradients', gradients);
  }
  checkObject('runHook', 'the third argument', context, 'an object { step, lr, loss, … }');
  const [report] = await runHooks([hook], gradients, context);
  if (report) return report;
  throw new Error(`runHook: the step was skipped before '${hook.name}': ${gradients.skipped}`);
}

/** Runs update hooks; if one throws, the updates are undone. */
export async function runUpdateHooks(
  hooks: readonly UpdateHook[],
  updates: Updates,
  context: StepContext,
): Promise<HookReport[]> {
  const reports: HookReport[] = [];
  try {
    for (const hook of hooks) {
      const before = updates.changes;
      const values = await hook.apply(updates, context);
      reports.push(reportOf(hook.name, updates.changes !== before, values));
    }
    return reports;
  } catch (error) {
    updates.undo();
    throw error;
  }
}

function reportOf(hook: string, clipped: boolean, values: HookValues | void): HookReport {
  if (values === undefined) return { hook, clipped, values: {} };
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new Error(`hook '${hook}': must return numbers by name, { norm, … }, got ${described(values)}`);
  }
  for (const key in values) {
    if (typeof values[key] === 'number') continue;
    const got = described(values[key]);
    throw new Error(`hook '${hook}': ${key} must be a number, got ${got}; is an await missing?`);
  }
  return { hook, clipped, values };
}

/** The hooks of an optimizer, checked. Throws if something among them is not a hook. */
export function checkedHooks(caller: string, hooks: readonly StepHook[]): readonly StepHook[] {
  if (!Array.isArray(hooks)) {
    throw new Error(`${caller}: hooks must be an array, got ${described(hooks)}; write hooks: [hook]`);
  }
  for (const hook of hooks as readonly unknown[]) checkHook(caller, hook);
  return [...hooks];
}

function checkHook(caller: string, hook: unknown): void {
  const { name, apply, stage, nonFinite, state, restore }: Partial<Record<keyof GradientHook, unknown>> =
    Object(hook);
  if (typeof hook === 'function' || typeof name !== 'string' || typeof apply !== 'function') {
    throw new Error(
      `${caller}: hooks must hold objects { name, apply }, as clipByGlobalNorm(1) makes, got ${described(hook)}`,
    );
  }
  const wrong = (what: string, got: unknown): Error =>
    new Error(`${caller}: hook '${name}': ${what}, got ${described(got)}`);
  if (stage !== undefined && stage !== 'gradient' && stage !== 'update') {
    throw wrong("stage must be 'gradient' or 'update'", stage);
  }
  if (nonFinite !== undefined && (stage === 'update' || !policyRange.has(nonFinite))) {
    throw wrong(`nonFinite of a gradient hook must be ${policyRange.rule}`, nonFinite);
  }
  if ((typeof state === 'function') !== (typeof restore === 'function')) {
    throw wrong('needs both of state and restore, or neither', state ?? restore);
  }
}

/** Hooks that remember, each with one optimizer. */
const claimed = new WeakSet<StepHook>();

/**
 * Takes hooks that remember for one optimizer, if `make` makes it. Throws if another has one of them: its memory would be
 * of neither.
 */
export function claimHooks(caller: string, hooks: readonly StepHook[], make: () => void): void {
  const remembering = hooks.filter(({ state }) => state !== undefined);
  const taken = remembering.find((hook, i) => claimed.has(hook) || remembering.indexOf(hook) !== i);
  if (taken) {
    throw new Error(
      `${caller}: hook '${taken.name}' remembers the gradients of an optimizer and has one already; make another for this one`,
    );
  }
  make();
  for (const hook of remembering) claimed.add(hook);
}

/** Gives the hooks of an optimizer free. */
export function unclaimHooks(hooks: readonly StepHook[]): void {
  for (const hook of hooks) claimed.delete(hook);
}

/** Whether a hook runs behind the rule. */
export function isUpdateHook(hook: StepHook): hook is UpdateHook {
  return hook.stage === 'update';
}

/** Whether a hook runs before the rule. */
export function isGradientHook(hook: StepHook): hook is GradientHook {
  return hook.stage !== 'update';
}
