/** What the sonnets show, in words, figures and lines written by the runs at hand. */

import { Random } from '../../src/index.js';
import { formatNumber, type Section } from '../../src/report/index.js';
import type { CharacterText } from '../data.js';
import type { DemoConfig, Outcome } from '../demo.js';
import { startUnder, tellDivergence, tellRuns, under } from '../tell.js';
import { type SonnetTraining, write } from './model.js';

/** A run that ends below knows the patterns of letters; below LETTERS more than how often each character occurs. */
const LEARNED = 2.3;
const LETTERS = 3;
const LINES = 4;
/** Steps averaged into one point of the report's figure. */
const SMOOTHED = 5;

/** What the text costs a reader who knows only how often each character occurs, or also the one before; nats. */
export function baselines({ ids, vocabulary }: CharacterText): {
  readonly single: number;
  readonly pair: number;
} {
  const n = vocabulary.length;
  const singles = new Float64Array(n);
  const pairs = new Float64Array(n * n);
  for (let at = 1; at < ids.length; at++) {
    singles[ids[at - 1]]++;
    pairs[ids[at - 1] * n + ids[at]]++;
  }
  const single = entropy(singles);
  return { single, pair: entropy(pairs) - single };
}

function entropy(counts: Float64Array): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce(
    (sum, count) => (count > 0 ? sum - (count / total) * Math.log(count / total) : sum),
    0,
  );
}

/** What became of every run, in a sentence each. */
export function sonnetsVerdict(
  config: DemoConfig,
  { vocabulary }: CharacterText,
  outcomes: readonly Outcome[],
): string {
  const guess = Math.log(vocabulary.length);
  return tellRuns(config, outcomes, 'the network', (outcome) => fateOf(outcome, guess));
}

/** Whether a run knows the patterns of letters. */
export function hasLearned({ summary }: Outcome): boolean {
  return summary.finalLoss < LEARNED;
}

function fateOf(outcome: Outcome, guess: number): string {
  const told = tellDivergence(outcome);
  if (told) return told;
  const { finalLoss } = outcome.summary;
  const loss = `(${formatNumber(finalLoss)} nats a character; guessing costs ${formatNumber(guess)})`;
  if (finalLoss < LEARNED) return `learned letter patterns ${loss}`;
  if (finalLoss < LETTERS) return `learned some letter patterns ${loss}`;
  if (finalLoss < guess) return `stayed finite and learned next to nothing ${loss}`;
  return `stayed finite and ended worse than guessing ${loss}`;
}

/** The lines that a run writes; the same for a seed, whatever the other runs did. */
function linesOf({ seed, own }: DemoConfig, text: CharacterText, { training }: Outcome): string[] {
  const how = {
    random: new Random(seed + 2_000_000_011),
    temperature: Number(own.temperature),
    lines: LINES,
  };
  const lines = write((training as SonnetTraining).model, text, how);
  return lines.length > 0 ? lines : ['(blank lines)'];
}

/** Runs whose numbers are finite and that took a step, the lowest loss first. */
function ranked(outcomes: readonly Outcome[]): Outcome[] {
  const finite = outcomes.filter(({ summary }) => !summary.diverged && summary.steps > 0);
  return finite.sort((a, b) => a.summary.finalLoss - b.summary.finalLoss);
}

/** The lines of the best run; the same for a seed. */
export function sonnetsEpilogue(
  config: DemoConfig,
  text: CharacterText,
  outcomes: readonly Outcome[],
): string {
  const best = ranked(outcomes)[0];
  if (!best) return 'No run is left that could write a line.';
  const lines = linesOf(config, text, best).map((line) => `  ${line}`);
  const how = under(best.spec.text).replaceAll('`', '');
  return [`Written ${how}, at temperature ${config.own.temperature}:`, ...lines].join('\n');
}

/** What a loss is worth, what the rate has to do with it, and what the runs write. */
export function sonnetsSections(
  config: DemoConfig,
  text: CharacterText,
  outcomes: readonly Outcome[],
): Section[] {
  const rate = config.own.cell === 'rnn' ? [rateSection(outcomes)] : [];
  return [worthSection(text, outcomes), ...rate, writingSection(config, text, outcomes)];
}

function worthSection(text: CharacterText, outcomes: readonly Outcome[]): Section {
  const { single, pair } = baselines(text);
  const guess = Math.log(text.vocabulary.length);
  return {
    heading: 'What a loss is worth',
    place: 'before',
    paragraphs: [
      `The text has ${text.vocabulary.length} different characters. Not knowing anything costs ln ${text.vocabulary.length} = ${formatNumber(guess)} nats a character; knowing how often each occurs, ${formatNumber(single)}; knowing the character before as well, ${formatNumber(pair)}. Only below that has a network remembered more than one character.`,
    ],
    figures: [
      {
        kind: 'lines',
        title: 'The loss, and what ignorance costs',
        caption: `Mean of ${SMOOTHED} steps.`,
        x: { label: 'step', whole: true },
        y: { label: 'loss', unit: 'nats a character', scale: 'linear', max: 10 },
        series: outcomes.map(({ spec, result }, style) => ({
          label: spec.text,
          style,
          ...smoothed(result.records.map(({ loss }) => loss)),
          ends: result.divergence ? `diverged at step ${result.divergence.step}` : undefined,
        })),
        levels: [
          { label: 'knows nothing', y: guess },
          { label: 'knows frequencies', y: single },
          { label: 'knows pairs', y: pair },
        ],
      },
    ],
  };
}

/** Means of `SMOOTHED` values each, at the middle of their steps. */
function smoothed(values: readonly number[]): { readonly x: number[]; readonly y: number[] } {
  const starts = values.map((_, k) => k).filter((k) => k % SMOOTHED === 0);
  const groups = starts.map((start) => values.slice(start, start + SMOOTHED));
  const y = groups.map((group) => group.reduce((sum, value) => sum + value, 0) / group.length);
  return { x: starts.map((start, k) => start + (groups[k].length - 1) / 2), y };
}

function writingSection(config: DemoConfig, text: CharacterText, outcomes: readonly Outcome[]): Section {
  const written = ranked(outcomes).map(
    (outcome) => `${startUnder(outcome.spec.text)}: ${linesOf(config, text, outcome).join(' / ')}`,
  );
  return {
    heading: 'What they write',
    paragraphs: [
      `Each character is drawn from what the network expects, at temperature ${config.own.temperature}, and fed back to it. No word is stored anywhere; a slash is the end of a line.`,
      ...(written.length > 0 ? written : ['No run is left that could write a line.']),
    ],
    figures: [],
  };
}

/** Measured over 300 steps on the default backend with seeds 1 to 3, by the commands that the text names. */
function rateSection(outcomes: readonly Outcome[]): Section {
  const first = outcomes[0]?.result.records[0]?.normBefore;
  const start =
    first !== undefined && Number.isFinite(first)
      ? ` The first gradient of the runs on this page has norm ${formatNumber(first)}${first < 10 ? ', which is no explosion' : ''}.`
      : '';
  return {
    heading: 'Is it ρ, or the rate?',
    paragraphs: [
      `A lower ρ does not save a run without clipping at a rate of 3. Over seeds 1 to 3, with 300 steps of plain gradient descent, it ends at 4.1 to 5.3 nats with ρ = 1.5, at 2.7 to 8.9 with ρ = 1, at 5.6 to 9.6 with ρ = 0.7, and at 2.0 to 3.5 with ρ = 0, which starts without a memory (\`tamegrad demo sonnets --clip none --rho R --seed S\`). Such runs are chaotic: one rounding more or less and each ends elsewhere.${start} This is a rate that is too high, and one long step makes the next one longer.`,
      'At a tenth of it (`--lr 0.3`) the network trains at ρ = 1.5 without clipping as it does under `norm:1`, to 2.4 nats on all three seeds, and at most one of 300 steps is clipped. What clipping buys is the rate of 3, with which the same 300 steps reach 2.1 to 2.2 nats, 11 to 18 % of them clipped.',
    ],
    figures: [],
  };
}
