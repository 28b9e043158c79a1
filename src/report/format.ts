/**
 * How numbers are written, in one place, so that the terminal, the tables and the report never spell the
 * same value in two ways.
 */

import { checkNumber, checkText } from '../tensor/arguments.js';

const SUPERSCRIPTS: Readonly<Record<string, string>> = {
  '-': '⁻',
  '0': '⁰',
  '1': '¹',
  '2': '²',
  '3': '³',
  '4': '⁴',
  '5': '⁵',
  '6': '⁶',
  '7': '⁷',
  '8': '⁸',
  '9': '⁹',
};

/** `1.00e+5` as `1e5`: no plus, no zeros that say nothing. */
function trimExponential(text: string): string {
  const [mantissa, exponent] = text.split('e');
  const trimmed = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  return `${trimmed}e${Number(exponent)}`;
}

/**
 * A number for people: `digits` significant digits, whole numbers up to 10⁷ in full, very small and very
 * large ones as `1e-7`; `NaN`, `∞` and `-∞` as they are. No locale, so the same everywhere.
 */
export function formatNumber(value: number, digits = 3): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '-∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e7) return String(value);
  if (size >= 1e5 || size < 1e-3) return trimExponential(value.toExponential(digits - 1));
  const whole = Math.floor(Math.log10(size)) + 1;
  return String(Number(value.toPrecision(Math.max(digits, whole))));
}

/** A share between 0 and 1 as a percentage: `0.083` → `8.3 %`. */
export function formatPercent(share: number): string {
  return Number.isFinite(share) ? `${formatNumber(share * 100, 2)} %` : formatNumber(share);
}

/** An axis tick as plain text, for a terminal: `1e-3`, `0.1`, `1`, `100`, `1e3`. */
export function formatTick(value: number): string {
  checkNumber('formatTick', 'the value', value);
  const size = Math.abs(value);
  if (value === 0 || (size > 5e-3 && size < 1e3)) return formatNumber(value, 4);
  return trimExponential(value.toExponential(3));
}

/** An axis tick for a page: as {@link formatTick} near one, with a true exponent further out: `10⁻⁷`. */
export function formatTickRich(value: number): string {
  checkNumber('formatTickRich', 'the value', value);
  const size = Math.abs(value);
  if (value === 0 || (size > 0.9e-3 && size < 1e4)) return formatNumber(value, 4);
  const [mantissa, exponent] = trimExponential(value.toExponential(3)).split('e');
  const power = `10${[...exponent].map((digit) => SUPERSCRIPTS[digit]).join('')}`;
  if (mantissa === '1') return power;
  return mantissa === '-1' ? `-${power}` : `${mantissa}·${power}`;
}

/** How the ticks of an axis are written: powers of ten on a log axis, plain numbers on a linear one. */
export function tickFormat(scale: 'linear' | 'log'): (value: number) => string {
  return scale === 'log' ? formatTickRich : (value) => formatNumber(value, 6);
}

/** Text made safe for HTML, in content and in quoted attributes. */
export function escapeHtml(text: string): string {
  checkText('escapeHtml', 'the argument', text);
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** Escaped prose in which words between backticks are set as code. */
export function escapeProse(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}
