/** Results as the table of docs/claims.md: what every claim came to, with the number that decided. */

import { type Group, groups, sourcesText } from '../../../experiments/experiment.js';
import { heldCount, type Result, verdictOf } from '../../../experiments/run.js';
import { formatNumber } from '../../../src/report/index.js';
import { claimOf, tellAll } from './tell.js';

const HEAD = ['| | claim | verdict | number | must be | held |', '| --- | --- | --- | --- | --- | --- |'];

/** The page; `command` made it. */
export function renderClaims(results: readonly Result[], command: string): string {
  const seeds = Math.max(0, ...results.map(({ outcomes }) => outcomes.length));
  const parts = (Object.keys(groups) as Group[]).flatMap((group) => {
    const own = results.filter(({ experiment }) => experiment.group === group);
    return own.length > 0 ? [`## ${groups[group]}`, '', ...HEAD, ...own.map(rowOf), ''] : [];
  });
  const conditions = results
    .filter(({ experiment }) => experiment.condition !== undefined)
    .map(({ experiment: { number, name, condition } }) => `- **${number}. ${name}**: ${condition}`);
  return [
    '# Every claim, run and judged',
    '',
    'What articles say about gradient clipping, each claim as a small experiment with a number that could have come out otherwise.',
    `${tellAll(results)} \`tamegrad experiment NAME\` runs one, \`--report\` draws it and says what it means.`,
    '',
    sourcesText,
    '',
    `Written by \`${command}\`: numbers are those of the first of ${seeds} seeds, the last column says on how many the verdict held.`,
    '',
    ...parts,
    '## Conditions',
    '',
    ...conditions,
    '',
  ].join('\n');
}

/** One row; a bar inside a cell would end it. */
function rowOf(result: Result): string {
  const { experiment, outcomes } = result;
  const [check] = outcomes[0].checks;
  const cells = [
    `${experiment.number} \`${experiment.name}\``,
    claimOf(experiment),
    verdictOf(result),
    check ? `${check.what}: ${formatNumber(check.value, 4)}` : '–',
    check ? check.rule : '–',
    `${heldCount(result)}/${outcomes.length}`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
