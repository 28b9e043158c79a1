/** Results in words: what the terminal prints of each, and the sentence over all. */

import type { Experiment } from '../../../experiments/experiment.js';
import { heldCount, type Result, stands, verdictOf } from '../../../experiments/run.js';
import { formatNumber } from '../../../src/report/index.js';
import { columnsOf, hasColor, paint, type Sink, shorten } from '../../terminal/stream.js';
import { wrap } from '../demo/comparison.js';

const NAME = 30;

/** Up to so many results are told whole, with what they mean. */
const WHOLE = 3;

/** Results one after another: a few whole, many in three lines each. */
export function tellResults(results: readonly Result[], sink: Sink): string {
  const whole = results.length <= WHOLE;
  return results
    .map((result) => `${tellResult(result, sink)}${whole ? tellMeaning(result, sink) : ''}\n`)
    .join('');
}

/** The other criteria, the condition, and the paragraph for a student. */
function tellMeaning({ experiment, outcomes }: Result, sink: Sink): string {
  const { explanation, condition, setUp } = experiment;
  const others = outcomes[0].held ? outcomes[0].checks.slice(1) : [];
  const facts = others.map(({ what, value, rule }) => `${what}: ${formatNumber(value, 6)} (must be ${rule})`);
  const texts = [`Set-up: ${setUp}`, ...(condition ? [`Condition: ${condition}`] : []), explanation];
  const width = columnsOf(sink) - INDENT.length;
  const indented = (text: string) => wrap(text, width, (line) => `${INDENT}${line}`);
  return `${[...facts.map(indented), ...texts.map((text) => `\n${indented(text)}`)].join('\n')}\n`;
}

const INDENT = '    ';

/** One result in a few lines: name and verdict, the claim, the number that decides and what it must be. */
export function tellResult(result: Result, sink: Sink): string {
  const { experiment, outcomes } = result;
  const width = columnsOf(sink);
  const color = hasColor(sink);
  const head = `${String(experiment.number).padStart(2)}  ${experiment.name.padEnd(NAME)}`;
  const verdict = paint(verdictOf(result), stands(result) ? 'green' : 'red', color);
  const times = outcomes.length > 1 ? `  ${heldCount(result)}/${outcomes.length}` : '';
  const lines = [
    `${paint(head, 'bold', color)}${verdict}${times}`,
    shorten(`    ${claimOf(experiment)}`, width),
  ];
  const failed = outcomes.find(({ held }) => !held);
  const shown = failed ?? outcomes[0];
  const checks = failed ? shown.checks.filter(({ holds }) => !holds) : shown.checks.slice(0, 1);
  for (const { what, value, rule, holds } of checks) {
    const seed = failed ? `, seed ${shown.seed}` : '';
    const mark = holds ? '' : ` ✗${seed}`;
    const told = `${what}: ${formatNumber(value, 6)} (must be ${rule})${mark}`;
    lines.push(wrap(told, width - INDENT.length, (line) => `${INDENT}${line}`));
  }
  if (shown.error) lines.push(shorten(`    seed ${shown.seed}: ${shown.error}`, width));
  return `${lines.join('\n')}\n`;
}

/** `“gradient grows nearly 14,000 times” (handbook)`. */
export function claimOf({ claim, source }: Experiment): string {
  return `“${claim}” (${source})`;
}

/** How many claims hold, hold under conditions, and so on. */
export function tellAll(results: readonly Result[]): string {
  if (results.length === 0) return 'No claim was run.';
  const parts = verdicts
    .map((verdict) => [verdict, results.filter((result) => verdictOf(result) === verdict).length] as const)
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => `${count} ${plural(verdict, count)}`);
  const claims = results.length === 1 ? '1 claim' : `${results.length} claims`;
  return `${claims}: ${parts.join(', ')}.`;
}

const verdicts = [
  'holds',
  'holds under conditions',
  'does not hold as written',
  'not testable here',
  'not confirmed',
] as const;

function plural(verdict: string, count: number): string {
  if (count === 1) return verdict;
  return verdict.replace(/^holds/, 'hold').replace(/^does not hold/, 'do not hold');
}
