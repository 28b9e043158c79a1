/** What an optimizer is, in a few lines. */

import type { Parameter } from '../autograd/index.js';
import { described } from '../clip/checks.js';
import type { StepHook } from '../clip/index.js';
import { isGradientHook, isUpdateHook } from '../clip/run-hooks.js';

/** What is printed about an optimizer. */
interface Described {
  readonly steps: number;
  readonly counts: { readonly skipped: number; readonly clipped: number };
  readonly groups: readonly { readonly parameters: readonly Parameter[]; readonly options: object }[];
  readonly hooks: readonly StepHook[];
}

/** The rule and what was done, the groups with their options, and the hooks around the rule, in order. */
export function describeOptimizer(
  { steps, counts, groups, hooks }: Described,
  { name, formula }: { readonly name: string; readonly formula: string },
): string {
  const done = `${counted(steps, 'update')}, ${counts.clipped} clipped; ${counted(counts.skipped, 'step')} skipped`;
  const lines = groups.map(({ parameters, options }, i) => {
    const numbers = parameters.reduce((sum, { value }) => sum + value.size, 0);
    const settings = Object.entries({ lr: 0, ...options }).map(
      ([option, value]) => `${option} ${settingOf(value)}`,
    );
    return `  group ${i}: ${counted(parameters.length, 'parameter')}, ${counted(numbers, 'number')}; ${settings.join(', ')}`;
  });
  const names = (kind: (hook: StepHook) => boolean): string[] => hooks.filter(kind).map((hook) => hook.name);
  const order = ['gradient', ...names(isGradientHook), 'rule', ...names(isUpdateHook), 'parameters'];
  return [`${name}: ${formula}`, `  ${done}`, ...lines, `  ${order.join(' → ')}`].join('\n');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function settingOf(value: unknown): string {
  return typeof value === 'function' ? 'by a schedule' : described(value);
}
