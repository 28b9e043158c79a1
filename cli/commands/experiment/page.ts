/** Results as one page: contents, and a card for each experiment with chart, verdict, criteria, and how to repeat it. */

import { type Group, groups, sourcesText } from '../../../experiments/experiment.js';
import { heldCount, type Result, stands, verdictOf } from '../../../experiments/run.js';
import { type Card, formatNumber, renderCollection } from '../../../src/report/index.js';
import { tellAll } from './tell.js';

/** The HTML of a page of results; `words` repeat all of it, after `experiment`. */
export function renderPage(results: readonly Result[], words: string): Promise<string> {
  const parts = Object.entries(groups).map(([group, heading]) => ({
    heading,
    cards: results.filter(({ experiment }) => experiment.group === (group as Group)).map(cardOf),
  }));
  return renderCollection({
    title: results.length === 1 ? `“${results[0].experiment.claim}”` : 'Every claim, run and judged',
    lead: `What articles say about gradient clipping, each claim as a small experiment with a number that could have come out otherwise. Charts and numbers are of the first seed. ${sourcesText.replaceAll('*', '')}`,
    verdict: tellAll(results),
    parts: parts.filter(({ cards }) => cards.length > 0),
    commands: {
      'In a checkout of tamegrad:': `npm run experiment -- ${words}`,
      'Where tamegrad is installed:': `npx tamegrad experiment ${words}`,
    },
  });
}

function cardOf(result: Result): Card {
  const { experiment, outcomes } = result;
  const { checks, figure, error, seed } = outcomes[0];
  const { number, name, claim, source, setUp, criterion, condition, explanation } = experiment;
  const held = outcomes.length > 1 ? `, on ${heldCount(result)} of ${outcomes.length} seeds` : '';
  return {
    id: name,
    name: `${number}. ${name}`,
    title: `“${claim}” (${source})`,
    status: `${verdictOf(result)}${held}`,
    tone: !stands(result) ? 'bad' : experiment.verdict === 'holds' ? 'ok' : 'plain',
    paragraphs: [
      explanation,
      ...(condition ? [`Condition: ${condition}`] : []),
      `Set-up: ${setUp}`,
      `Criterion: ${criterion}`,
      ...(error ? [`This run failed: ${error}`] : []),
    ],
    facts: checks.map(({ what, value, rule, holds }) => ({
      label: what,
      value: formatNumber(value, 6),
      rule,
      met: holds,
    })),
    figure,
    command: `npx tamegrad experiment ${name} --seed ${seed}`,
  };
}
