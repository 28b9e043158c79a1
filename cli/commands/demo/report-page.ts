/** The comparison as the report page of `--report`: its runs, the demo's own sections, and how to repeat it. */

import type { Comparison } from '../../../demos/compare.js';
import type { Outcome } from '../../../demos/demo.js';
import { SHORT_DIGEST } from '../../../demos/digest.js';
import { isCutShort, isTrained } from '../../../demos/tell.js';
import { simdOptions } from '../../../src/index.js';
import { formatNumber, type ReportPage, renderReport } from '../../../src/report/index.js';

/** How many last steps the final loss is the mean of. */
const FINAL_STEPS = 20;

/** The HTML of a comparison's report; `words` repeat it, after what starts a demo. */
export function renderPage(comparison: Comparison, words: string): Promise<string> {
  const { demo, config, setup, outcomes } = comparison;
  const { own, clips, ...common } = config;
  const page: ReportPage = {
    title: demo.title,
    lead: demo.lead(config),
    lossUnit: demo.lossUnit,
    verdict: setup.verdict(outcomes),
    notice: noticeOf(comparison),
    runs: outcomes.map((outcome) => ({
      label: outcome.spec.text,
      threshold: outcome.spec.threshold,
      records: outcome.result.records,
      divergence: outcome.result.divergence,
      succeeded: hasSucceeded(comparison, outcome),
      facts: factsOnPage(comparison, outcome),
    })),
    sections: setup.sections?.(outcomes) ?? [],
    settings: { demo: demo.name, ...common, clips: clips.join(', '), ...own },
    commands: {
      'In a checkout of tamegrad:': `npm run demo -- ${words}`,
      'Where tamegrad is installed:': `npx tamegrad demo ${words}`,
    },
  };
  return renderReport(page);
}

/** Whether a run ended by itself and did what the demo is about. */
function hasSucceeded({ config, setup }: Comparison, outcome: Outcome): boolean {
  if (outcome.summary.diverged || isCutShort(outcome, config.steps) || !isTrained(config, outcome))
    return false;
  return setup.succeeded(outcome);
}

/** What an interrupted comparison says of itself before all else; undefined for a whole one. */
export function noticeOf({ config, outcomes, interrupted }: Comparison): string | undefined {
  if (!interrupted) return undefined;
  const cut = outcomes.find((outcome) => isCutShort(outcome, config.steps));
  if (cut)
    return `Interrupted after ${cut.result.records.length} of ${config.steps} steps of \`${cut.spec.text}\``;
  const missing = config.clips.length - outcomes.length;
  return missing > 0
    ? `Interrupted after ${outcomes.length} of ${config.clips.length} runs`
    : 'Interrupted when the runs were done';
}

/** The rows of the table on the page, whose head tells the outcome already. */
function factsOnPage(comparison: Comparison, outcome: Outcome): Record<string, string | number> {
  const { outcome: _, steps: __, ...facts } = factsOf(comparison, outcome);
  return { hooks: outcome.spec.code || 'none', ...facts };
}

/** The rows of the table of runs. */
export function factsOf(
  { config }: Pick<Comparison, 'config'>,
  { summary, measured, result, digest }: Outcome,
): Record<string, string | number> {
  const mean = config.steps > FINAL_STEPS ? `mean of the last ${FINAL_STEPS}` : 'mean of all steps';
  const facts: Record<string, string | number> = {
    outcome: summary.diverged ? `diverged at step ${summary.divergedAtStep}` : 'stayed finite',
    steps: String(summary.steps),
    'first loss': summary.firstLoss,
    [`final loss (${mean})`]: summary.finalLoss,
    'largest gradient norm': largestNorm(result),
    'median gradient norm': summary.medianGradNorm,
    'clipped steps': percent(summary.clippedFraction),
  };
  for (const [name, value] of Object.entries(measured)) facts[spaced(name)] = value ?? '–';
  facts.backend = summary.backend === 'simd' ? `simd, ${simdOptions().vectors} bits` : summary.backend;
  facts['norm computed by'] = deviceName(summary.normDevice);
  facts['digest of the parameters'] = digest.slice(0, SHORT_DIGEST);
  facts.seconds = (summary.wallMs / 1000).toFixed(1);
  return facts;
}

/** What tells most of a run, most telling first, under names that are short. */
export function briefFactsOf({ summary, measured, result }: Outcome): Record<string, string> {
  const facts: Record<string, string> = {
    outcome: summary.diverged ? `✗ step ${summary.divergedAtStep}` : 'finite',
    'final loss': formatNumber(summary.finalLoss),
  };
  for (const [name, value] of Object.entries(measured))
    facts[spaced(name)] = value === null ? '–' : formatNumber(value);
  facts['max norm'] = formatNumber(largestNorm(result));
  facts.clipped = percent(summary.clippedFraction);
  facts.steps = String(summary.steps);
  facts['median norm'] = formatNumber(summary.medianGradNorm);
  return facts;
}

/** The largest norm that is a number, as the chart shows it; that a run diverged is said beside it. */
function largestNorm({ records }: Outcome['result']): number {
  const finite = records.map(({ normBefore }) => normBefore).filter(Number.isFinite);
  return finite.length === 0 ? Number.NaN : finite.reduce((most, norm) => Math.max(most, norm));
}

function deviceName(device: Outcome['summary']['normDevice']): string {
  if (device === 'host') return 'host, in float64';
  return device === 'simd' ? device : `gpu.js ${device}`;
}

/** A share as a percentage; a few of many are not none. */
function percent(share: number): string {
  if (!Number.isFinite(share)) return '–';
  return share > 0 && share < 0.01 ? '< 1 %' : `${Math.round(share * 100)} %`;
}

/** `testAccuracy` → `test accuracy`. */
function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
