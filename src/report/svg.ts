/**
 * The one place that knows how a chart becomes a string: Observable Plot draws into a linkedom document, and
 * what comes out is stripped of what the page does not need.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { escapeHtml } from './format.js';

const { document } = parseHTML('<!doctype html><html><body></body></html>');
const SVG = 'http://www.w3.org/2000/svg';

/** How an SVG names itself to a screen reader. */
export interface SvgText {
  readonly label: string;
  /** Id of the element that describes it in words. */
  readonly describedBy: string;
  readonly className: string;
}

/** Attributes of numbers, in which tenths of a pixel are enough: a third of the bytes. */
const NUMERIC = ['d', 'transform', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'cx', 'cy', 'width', 'height'];

/** Draws `options` and returns `<svg role="img" …>`: no style element, coordinates to a tenth. */
export function renderSvg(options: Plot.PlotOptions, text: SvgText): string {
  const root = Plot.plot({ ...options, document: document as unknown as Document });
  for (const element of root.querySelectorAll('style')) element.remove();
  for (const element of root.querySelectorAll('*')) {
    element.removeAttribute('aria-label');
    element.removeAttribute('aria-hidden');
    for (const name of NUMERIC) shortenAttribute(element, name);
  }
  for (const name of ['font-family', 'class', 'height', 'width']) root.removeAttribute(name);
  // The words go in as text: linkedom leaves < and > in attributes as they are.
  const { className, label, describedBy } = text;
  const words = `role="img" aria-label="${escapeHtml(label)}" aria-describedby="${describedBy}"`;
  return root.outerHTML.replace(/^<svg/, () => `<svg class="${className}" ${words}`);
}

/** A matrix multiplies, so it keeps its digits. */
function shortenAttribute(element: Element, name: string): void {
  const value = element.getAttribute(name);
  if (value === null || value.startsWith('matrix')) return;
  const short = value.replace(/-?\d+\.\d+(e-\d+)?/g, (digits) => String(Number(Number(digits).toFixed(1))));
  element.setAttribute(name, short);
}

/** A mark of our own: called with the scales' pixel functions, it returns one path. */
export function pathMark(draw: (scales: PixelScales) => PathAttributes | null): Plot.Markish {
  return ((_index: unknown, scales: PixelScales) => {
    const attributes = draw(scales);
    if (!attributes) return null;
    const path = document.createElementNS(SVG, 'path');
    for (const [name, value] of Object.entries(attributes)) path.setAttribute(name, value);
    return path;
  }) as unknown as Plot.Markish;
}

/** Data to pixels, as the chart library hands them to a mark. */
export interface PixelScales {
  x(value: number): number;
  y(value: number): number;
}

/** Attributes of an SVG path. */
export type PathAttributes = Readonly<Record<string, string>>;
