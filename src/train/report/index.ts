/** Reports: a comparison of runs as one self-contained HTML page, and the numbers and shapes it is made from. */

export { comparisonFigures } from './comparison.js';
export { renderFigure } from './figure.js';
export { escapeHtml, formatNumber, formatPercent, formatTick, formatTickRich } from './format.js';
export { renderReport } from './page.js';
export type { Bucket, Domain, Point } from './series.js';
export {
  condense,
  cutToDomain,
  domainOf,
  explosionCap,
  extent,
  linearTicks,
  logTicks,
  runningShare,
} from './series.js';
export type * from './types.js';
