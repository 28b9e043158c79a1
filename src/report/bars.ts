/** The bar figure: one horizontal bar a row, since labels are words and words want a line each. */
import * as Plot from '@observablehq/plot';
import { formatNumber, tickFormat } from './format.js';
import { seriesStyle } from './palette.js';
import { domainOf } from './series.js';
import type { FigureParts } from './shell.js';
import { renderSvg, type SvgText } from './svg.js';
import type { BarFigure } from './types.js';

const ROW = 34;

/** Parts of a bar figure. Bars on a log axis start at its left edge, which the axis label says. */
export function barParts(figure: BarFigure): FigureParts {
  const rows = figure.bars.map((bar) => [bar.label, formatNumber(bar.value)]);
  return {
    legend: [],
    draw: (text) => draw(figure, 860, 'wide', text) + draw(figure, 350, 'narrow', text),
    summary: `${rows.map(([label, value]) => `${label}: ${value}`).join('; ')}.`,
    table: { head: ['', figure.x.label], rows },
  };
}

interface Row {
  readonly key: string;
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly color: string;
  readonly value: string;
}

function draw(figure: BarFigure, width: number, className: string, text: Omit<SvgText, 'className'>): string {
  const values = figure.bars.map((bar) => bar.value).filter(Number.isFinite);
  const found = domainOf(values, figure.x);
  const base = found.scale === 'log' ? found.min : Math.min(0, found.min);
  const top = found.scale === 'log' ? found.max : Math.max(0, found.max);
  const rows = figure.bars.map((bar, index): Row => {
    const drawable = Number.isFinite(bar.value) && (found.scale === 'linear' || bar.value > 0);
    const to = drawable ? Math.min(bar.value, top) : base;
    const { color } = seriesStyle(bar.style ?? 1);
    // A key of its own for each row: two bars may carry the same label.
    return {
      key: `${index}`,
      label: bar.label,
      from: found.scale === 'log' ? base : 0,
      to,
      color,
      value: formatNumber(bar.value),
    };
  });
  const longest = Math.max(4, ...rows.map((row) => row.label.length));
  const unit = [figure.x.unit, found.scale === 'log' ? 'log scale' : undefined].filter(Boolean).join(', ');
  const options: Plot.PlotOptions = {
    width,
    height: rows.length * ROW + 60,
    marginLeft: Math.min(longest * 7 + 16, width * 0.42),
    marginRight: 64,
    marginTop: 10,
    marginBottom: 42,
    style: { fontSize: '12.5px' },
    x: {
      type: found.scale,
      domain: [base, top],
      ticks: found.ticks as number[],
      tickFormat: tickFormat(found.scale),
      label: unit ? `${figure.x.label} (${unit})` : figure.x.label,
      grid: true,
    },
    y: {
      domain: rows.map((row) => row.key),
      label: null,
      tickSize: 0,
      tickFormat: (key: string) => rows[Number(key)].label,
      padding: 0.32,
    },
    marks: [
      Plot.barX(rows, { y: 'key', x1: 'from', x2: 'to', fill: (row: Row) => row.color }),
      Plot.ruleX([found.scale === 'log' ? base : 0], { stroke: 'currentColor' }),
      Plot.text(rows, { y: 'key', x: 'to', text: 'value', dx: 7, textAnchor: 'start', fill: 'currentColor' }),
    ],
  };
  return renderSvg(options, { ...text, className });
}
