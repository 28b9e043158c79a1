/** Wrong implementations under experiments: which of them turn red when exports of a module are replaced. */

import { vi } from 'vitest';
import { runExperiment } from '../../experiments/run.js';

/** Runs experiments of the list by name, with seed 1, and returns the names of those that did not hold. */
export async function redOf(names: readonly string[]): Promise<string[]> {
  const { experiments } = await import('../../experiments/index.js');
  const red: string[] = [];
  for (const name of names) {
    const experiment = experiments.find((each) => each.name === name)!;
    const { held, error } = await runExperiment(experiment, 1);
    // One that fails says nothing of its criteria.
    if (error) throw new Error(`${name}: ${error}`);
    if (!held) red.push(name);
  }
  return red;
}

/** The same with exports of the module at `path`, as seen from here, replaced: all that imports it is loaded anew. */
export async function redWith<Module extends object>(
  path: string,
  replace: (original: Module) => Partial<Module>,
  names: readonly string[],
): Promise<string[]> {
  vi.resetModules();
  vi.doMock(path, async (importOriginal) => {
    const original = await importOriginal<Module>();
    return { ...original, ...replace(original) };
  });
  try {
    return await redOf(names);
  } finally {
    vi.doUnmock(path);
    vi.resetModules();
  }
}
