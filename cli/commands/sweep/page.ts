/** A sweep as one page: survival and final loss over clip specs and learning rates. */

import { median } from '../../../src/index.js';
import { type Figure, formatNumber, renderCollection } from '../../../src/report/index.js';
import type { SweepRow } from './tasks.js';

/** Specs that a sentence names. */
const TOLD = 4;

/** A value for each clip spec (row) and rate (column). */
interface Cells {
  readonly clips: readonly string[];
  readonly rates: readonly number[];
  readonly values: readonly number[];
}

/** The HTML of a sweep; `words` repeat it, after `sweep`. */
export function renderPage(rows: readonly SweepRow[], words: string): Promise<string> {
  const seeds = new Set(rows.map(({ seed }) => seed)).size;
  const command = `npx tamegrad sweep ${words}`;
  const card = { facts: [], tone: 'plain' } as const;
  return renderCollection({
    title: `A sweep of ${rows[0].demo}`,
    lead: `Every clip spec with every learning rate, ${seeds === 1 ? 'one training' : `${seeds} trainings`} each, from the same weights and data for a seed.`,
    verdict: tellSweep(rows),
    parts: [
      {
        heading: 'Thresholds and learning rates',
        cards: [
          {
            ...card,
            id: 'survival',
            name: 'Which trainings stayed finite',
            title: 'Survival over clip spec and learning rate',
            status: `${rows.filter(({ diverged }) => !diverged).length} of ${rows.length} stayed finite`,
            paragraphs: [],
            figure: survival(
              cellsOf(
                rows,
                shareOf((row) => !row.diverged),
              ),
            ),
          },
          {
            ...card,
            id: 'loss',
            name: 'What they learned',
            title: 'Final loss over clip spec and learning rate',
            status: `${rows.filter(({ learned }) => learned).length} of ${rows.length} learned what the demo is about`,
            paragraphs: [
              'A training that diverged has no final loss: where most seeds did, the cell is hatched.',
            ],
            figure: finalLoss(cellsOf(rows, (own) => median(own.map(lossOf)))),
          },
        ],
      },
    ],
    commands: { 'Where tamegrad is installed:': command },
  });
}

/** One sentence on the whole: how many stayed finite, which did not, and the best cell. */
export function tellSweep(rows: readonly SweepRow[]): string {
  const finite = rows.filter(({ diverged }) => !diverged).length;
  const { clips, rates, values } = cellsOf(rows, (own) => median(own.map(lossOf)));
  const lowest = Math.min(...values.filter(Number.isFinite));
  const best = values.indexOf(lowest);
  const said = `${finite} of ${rows.length} trainings stayed finite${divergedSaid(rows)}`;
  if (best < 0) return `${said}.`;
  const [clip, lr] = [clips[Math.floor(best / rates.length)], rates[best % rates.length]];
  return `${said}; the lowest median final loss, ${formatNumber(lowest)}, is that of \`${clip}\` at learning rate ${lr}.`;
}

/** Which specs diverged at which rates, in parentheses; nothing where none did. */
function divergedSaid(rows: readonly SweepRow[]): string {
  const lost = rows.filter(({ diverged }) => diverged);
  const clips = [...new Set(lost.map(({ clip }) => clip))];
  if (clips.length === 0) return '';
  const told = clips.slice(0, TOLD).map((clip) => {
    const rates = new Set(lost.filter((row) => row.clip === clip).map(({ lr }) => lr));
    return `\`${clip}\` at learning rate ${[...rates].join(', ')}`;
  });
  const more = clips.length > TOLD ? `; and ${clips.length - TOLD} more specs` : '';
  return ` (those that diverged: ${told.join('; ')}${more})`;
}

/** The final loss of a training; NaN, above all others, where it diverged. */
export function lossOf({ diverged, finalLoss: loss }: SweepRow): number {
  return diverged ? Number.NaN : loss;
}

function shareOf(holds: (row: SweepRow) => boolean): (rows: readonly SweepRow[]) => number {
  return (rows) => rows.filter(holds).length / rows.length;
}

/** A measure of the rows of each cell. */
function cellsOf(rows: readonly SweepRow[], measure: (rows: readonly SweepRow[]) => number): Cells {
  const clips = [...new Set(rows.map(({ clip }) => clip))];
  const rates = [...new Set(rows.map(({ lr }) => lr))];
  const values = clips.flatMap((clip) =>
    rates.map((rate) => measure(rows.filter((row) => row.clip === clip && row.lr === rate))),
  );
  return { clips, rates, values };
}

function survival(cells: Cells): Figure {
  return {
    ...mapOf(cells),
    title: 'Share of the seeds that stayed finite',
    z: { label: 'share', range: [0, 1] },
  };
}

function finalLoss(cells: Cells): Figure {
  return { ...mapOf(cells), title: 'Median final loss', z: { label: 'loss' } };
}

function mapOf({ clips, rates, values }: Cells) {
  return {
    kind: 'heat',
    caption: 'One row for each clip spec, one column for each learning rate.',
    x: { label: 'learning rate', range: [0, rates.length], categories: rates.map(String) },
    y: { label: 'clip', range: [0, clips.length], categories: clips },
    columns: rates.length,
    rows: clips.length,
    values,
    showValues: 'all',
  } as const;
}
