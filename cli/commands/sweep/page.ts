/** A sweep as one page: survival and final loss over clip specs, learning rates and whatever else was swept. */

import { median } from '../../../src/index.js';
import { type Figure, formatNumber, renderCollection } from '../../../src/report/index.js';
import { shareOf } from '../../../src/statistics/share.js';
import { clipLegend } from '../../clip-names.js';
import { type Axis, axesOf, placeOf } from './axes.js';
import type { SweepRow } from './tasks.js';

/** Specs that a sentence names. */
const TOLD = 4;

/** A value for each clip spec (row) and place on the other axes (column). */
interface Cells {
  readonly clips: readonly string[];
  readonly axes: readonly Axis[];
  /** A row of each place, which stands for it. */
  readonly places: readonly SweepRow[];
  readonly values: readonly number[];
}

/** The HTML of a sweep; `words` repeat it, after `sweep`. */
export function renderPage(rows: readonly SweepRow[], words: string): Promise<string> {
  const seeds = new Set(rows.map(({ seed }) => seed)).size;
  const command = `npx tamegrad sweep ${words}`;
  const legend = clipLegend(rows.map(({ clip }) => clip));
  const card = { facts: [], tone: 'plain' } as const;
  return renderCollection({
    title: `A sweep of ${rows[0].demo}`,
    lead: `Every clip spec with every ${axesOf(rows)
      .map(({ words }) => words)
      .join(
        ' and ',
      )}, ${seeds === 1 ? 'one training' : `${seeds} trainings`} each, from the same weights and data for a seed.${legend && ` In the specs, ${legend}.`}`,
    verdict: tellSweep(rows),
    parts: [
      {
        heading: 'What survives, and what learns',
        cards: [
          {
            ...card,
            id: 'survival',
            name: 'Which trainings stayed finite',
            title: 'Survival over clip spec and setting',
            status: `${rows.filter(({ diverged }) => !diverged).length} of ${rows.length} stayed finite`,
            paragraphs: [],
            figure: survival(
              cellsOf(rows, (own) => shareOf(own.filter((row) => !row.diverged).length, own.length)),
            ),
          },
          {
            ...card,
            id: 'loss',
            name: 'What they learned',
            title: 'Final loss over clip spec and setting',
            status: `${rows.filter(({ learned }) => learned).length} of ${rows.length} learned what the demo is about`,
            paragraphs: [
              'A training that diverged has no final loss: where most seeds did, the cell is hatched.',
            ],
            figure: finalLoss(cellsOf(rows, (own) => median(own.map(lossOf), 'largest'))),
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
  const { clips, axes, places, values } = cellsOf(rows, (own) => median(own.map(lossOf), 'largest'));
  const lowest = Math.min(...values.filter(Number.isFinite));
  const best = values.indexOf(lowest);
  const said = `${finite} of ${rows.length} trainings stayed finite${divergedSaid(rows, axes)}`;
  if (best < 0) return `${said}.`;
  const [clip, place] = [clips[Math.floor(best / places.length)], places[best % places.length]];
  return `${said}; the lowest median final loss, ${formatNumber(lowest)}, is that of \`${clip}\` at ${placeOf(place, axes, 'words')}.`;
}

/** Which specs diverged where, in parentheses; nothing where none did. */
function divergedSaid(rows: readonly SweepRow[], axes: readonly Axis[]): string {
  const lost = rows.filter(({ diverged }) => diverged);
  const clips = [...new Set(lost.map(({ clip }) => clip))];
  if (clips.length === 0) return '';
  const told = clips.slice(0, TOLD).map((clip) => {
    const own = lost.filter((row) => row.clip === clip);
    if (axes.length > 1)
      return `\`${clip}\` at ${listNames(new Set(own.map((row) => placeOf(row, axes, 'words'))))}`;
    const [axis] = axes;
    return `\`${clip}\` at ${axis.words} ${[...new Set(own.map(axis.valueOf))].join(', ')}`;
  });
  const more = clips.length > TOLD ? `; and ${clips.length - TOLD} more specs` : '';
  return ` (those that diverged: ${told.join('; ')}${more})`;
}

/** A few of many places. */
function listNames(places: ReadonlySet<string>): string {
  const named = [...places];
  const more = named.length > TOLD ? `, and at ${named.length - TOLD} more places` : '';
  return `${named.slice(0, TOLD).join(', at ')}${more}`;
}

/** The final loss of a training; NaN, above all others, where it diverged. */
export function lossOf({ diverged, finalLoss: loss }: SweepRow): number {
  return diverged ? Number.NaN : loss;
}

/** A measure of the rows of each cell. */
function cellsOf(rows: readonly SweepRow[], measure: (rows: readonly SweepRow[]) => number): Cells {
  const clips = [...new Set(rows.map(({ clip }) => clip))];
  const axes = axesOf(rows);
  const nameOf = (row: SweepRow) => placeOf(row, axes);
  const places = [...new Map(rows.map((row) => [nameOf(row), row] as const)).values()];
  const values = clips.flatMap((clip) =>
    places.map((place) => measure(rows.filter((row) => row.clip === clip && nameOf(row) === nameOf(place)))),
  );
  return { clips, axes, places, values };
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

function mapOf({ clips, axes, places, values }: Cells) {
  const [axis] = axes;
  const names =
    axes.length > 1
      ? places.map((row) => placeOf(row, axes))
      : places.map((row) => String(axis.valueOf(row)));
  const label = axes.map(({ words }) => words).join(', ');
  return {
    kind: 'heat',
    caption: `One row for each clip spec, one column for each ${label}.`,
    x: { label, range: [0, places.length], categories: names },
    y: { label: 'clip', range: [0, clips.length], categories: clips },
    columns: places.length,
    rows: clips.length,
    values,
    showValues: 'all',
  } as const;
}
