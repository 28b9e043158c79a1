/** The comparison as one JSON document: what `--json` prints. */

import type { Comparison } from '../../../demos/compare.js';
import { toJson } from '../../../src/persist/index.js';
import { linkOf } from './link.js';

/** One JSON document, ended by a line break; non-finite numbers are strings. With `linked` each run has its link. */
export function renderJson(
  { demo, config, setup, outcomes, interrupted }: Comparison,
  linked = false,
): string {
  const { seed, own, ...common } = config;
  return `${toJson(
    {
      demo: demo.name,
      seed,
      config: { ...common, ...own },
      runs: outcomes.map((outcome) => ({
        ...outcome.summary,
        ...outcome.measured,
        digest: outcome.digest,
        ...(linked && { link: linkOf(demo, config, outcome) }),
      })),
      ...(setup.measurements && { measurements: setup.measurements() }),
      ...(interrupted && { interrupted }),
    },
    2,
  )}\n`;
}

const nonFinite: readonly unknown[] = ['NaN', 'Infinity', '-Infinity'];

/** For JSON.parse: JSON has no such numbers, they were written as strings. */
export function reviveNumber(_: string, value: unknown): unknown {
  return nonFinite.includes(value) ? Number(value) : value;
}
