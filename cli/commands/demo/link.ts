/** Links that open a run of a demo in the browser lab, where it is computed again and its digest compared. */

import type { Comparison } from '../../../demos/compare.js';
import type { Demo, DemoConfig, Outcome } from '../../../demos/demo.js';
import { SHORT_DIGEST } from '../../../demos/digest.js';
import type { DemoInLab } from '../../../lab/core/demo-in-lab.js';
import { formatLink } from '../../../lab/core/link.js';
import { cliffInLab } from '../../../lab/lessons/04-cliff/demo.js';
import { latchInLab } from '../../../lab/lessons/06-explosion/demo.js';

/** The demos that a lesson shows. */
const shown: readonly DemoInLab[] = [cliffInLab, latchInLab];

/** What follows the address of a lab; null if no lesson has these settings. */
export function linkOf(
  { name }: Pick<Demo, 'name'>,
  config: DemoConfig,
  { spec, result, digest }: Outcome,
): string | null {
  const entry = shown.find(({ demo }) => demo === name);
  const values = entry?.settingsOf(config, spec.text) ?? null;
  if (!entry || !values) return null;
  const at = result.records.length;
  return formatLink(
    { lesson: entry.lesson, at, digests: [digest.slice(0, SHORT_DIGEST)], hide: [], presenting: false },
    values,
  );
}

/** A line for each run, and how to open them. */
export function renderLinks({ demo, config, outcomes }: Comparison): string {
  const links = outcomes.map((outcome) => [outcome.spec.text, linkOf(demo, config, outcome)] as const);
  const lines = links.map(([clip, link]) => `${clip}: ${link ?? 'no lesson of the lab shows this run'}\n`);
  const how = links.some(([, link]) => link !== null)
    ? 'Put one after the address of a lab: that of tamegrad lab, or of any copy of lab.html.\n'
    : '';
  return `${lines.join('')}${how}`;
}
