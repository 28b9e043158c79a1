/** From any figure's description to its markup: the one switch over the kinds of figures. */
import { barParts } from './bars.js';
import { heatParts } from './heat.js';
import { ladderParts } from './ladder.js';
import { lineParts, panelParts } from './lines.js';
import { type FigureParts, renderShell } from './shell.js';
import type { Figure } from './types.js';

/** `<figure>` markup with caption, legend, drawing, summary and table; `id` must be unique in its page. */
export function renderFigure(figure: Figure, id: string): string {
  return renderShell(figure, partsOf(figure), id);
}

function partsOf(figure: Figure): FigureParts {
  switch (figure.kind) {
    case 'lines':
      return lineParts(figure);
    case 'panels':
      return panelParts(figure);
    case 'bars':
      return barParts(figure);
    case 'heat':
      return heatParts(figure);
    case 'ladder':
      return ladderParts(figure);
  }
}
