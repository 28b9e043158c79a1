/**
 * Reports: a comparison of runs as one self-contained HTML page. Figures are described as plain data (types.ts) and drawn a
 * kind a file: charts with their axes in lines.ts, bars.ts, heat.ts, ladder.ts. Scales and ticks are computed in series.ts.
 */

import { checkArray, checkObject, checkText } from '../tensor/arguments.js';
import type { CollectionPage, Figure, ReportPage } from './types.js';

export { comparisonFigures } from './comparison.js';
export { escapeHtml, formatNumber, formatPercent, formatTick, formatTickRich } from './format.js';
export {
  DARK,
  HEAT_DARK,
  HEAT_LEVELS,
  HEAT_LIGHT,
  LIGHT,
  type Marker,
  type SeriesStyle,
  seriesStyle,
} from './palette.js';
export type { Bucket, Domain, Point } from './series.js';
export {
  condense,
  cutToDomain,
  domainOf,
  explosionCap,
  extent,
  linearTicks,
  logTicks,
} from './series.js';
export type * from './types.js';

/** The page as one self-contained HTML document. A promise, since what draws is loaded when first needed. */
export async function renderReport(page: ReportPage): Promise<string> {
  checkPage('renderReport', page, ['runs', 'sections']);
  const { renderReport: render } = await import('./page.js');
  return render(page);
}

/** Many small results as one self-contained HTML document. */
export async function renderCollection(page: CollectionPage): Promise<string> {
  checkPage('renderCollection', page, ['parts']);
  const { renderCollection: render } = await import('./collection.js');
  return render(page);
}

/** A figure as `<figure>` markup; `id` must be unique in its page. Drawn by what is loaded when first needed. */
export async function renderFigure(figure: Figure, id: string): Promise<string> {
  checkObject('renderFigure', 'the figure', figure, 'an object { kind, … }');
  checkText('renderFigure', 'its kind', figure.kind);
  checkText('renderFigure', 'id', id);
  const { renderFigure: render } = await import('./figure.js');
  return render(figure, id);
}

/** Throws an Error unless a page has its title, its commands, and these lists. */
function checkPage(caller: string, page: object, lists: readonly string[]): void {
  checkObject(caller, 'the page', page, `an object { title, ${lists.join(', ')}, commands, … }`);
  const parts = page as Readonly<Record<string, unknown>>;
  checkText(caller, 'title', parts.title);
  for (const name of lists) checkArray(caller, name, parts[name], 'objects');
  checkObject(caller, 'commands', parts.commands, 'an object of command lines');
}
