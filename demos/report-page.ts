/** The comparison as the report page of `--report`: its runs, the demo's own sections, and how to repeat it. */

import { type ReportPage, renderReport } from '../src/train/report/index.js';
import type { Comparison } from './compare.js';
import type { Outcome } from './demo.js';

/** The HTML of a comparison's report. */
export function renderPage(comparison: Comparison, command: string): string {
  const { demo, config, setup, outcomes } = comparison;
  const { own, clips, ...common } = config;
  const page: ReportPage = {
    title: demo.title,
    lead: demo.lead,
    lossUnit: demo.lossUnit,
    verdict: setup.verdict(outcomes),
    runs: outcomes.map((outcome) => ({
      label: outcome.spec.text,
      threshold: outcome.spec.threshold,
      records: outcome.result.records,
      divergence: outcome.result.divergence,
      facts: factsOnPage(outcome),
    })),
    sections: setup.sections?.(outcomes) ?? [],
    settings: { demo: demo.name, ...common, clips: clips.join(', '), ...own },
    command,
  };
  return renderReport(page);
}

/** The rows of the table on the page, whose head tells the outcome already. */
function factsOnPage(outcome: Outcome): Record<string, string | number> {
  const { outcome: _, steps: __, ...facts } = factsOf(outcome);
  return facts;
}

/** The rows of the table of runs. */
export function factsOf({ summary, measured }: Outcome): Record<string, string | number> {
  const facts: Record<string, string | number> = {
    outcome: summary.diverged ? `diverged at step ${summary.divergedAtStep}` : 'stayed finite',
    steps: String(summary.steps),
    'first loss': summary.firstLoss,
    'final loss': summary.finalLoss,
    'largest gradient norm': summary.maxGradNorm,
    'median gradient norm': summary.medianGradNorm,
    'clipped steps': `${Math.round(summary.clippedFraction * 100)} %`,
  };
  for (const [name, value] of Object.entries(measured)) facts[spaced(name)] = value;
  facts.backend = summary.backend;
  facts['norm computed by'] = summary.normDevice;
  facts.seconds = (summary.wallMs / 1000).toFixed(1);
  return facts;
}

/** `testAccuracy` → `test accuracy`. */
function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
