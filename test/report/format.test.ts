import { describe, expect, it } from 'vitest';
import {
  escapeHtml,
  formatNumber,
  formatPercent,
  formatTick,
  formatTickRich,
} from '../../src/report/index.js';

describe('formatNumber', () => {
  it.each([
    [1.0e-7, '1e-7'],
    [1.234e-7, '1.23e-7'],
    [0, '0'],
    [-0, '0'],
    [0.001, '0.001'],
    [0.0118273, '0.0118'],
    [0.9996, '1'],
    [44, '44'],
    [-2.5, '-2.5'],
    [12345.678, '12346'],
    [99999.9, '100000'],
    [300000, '300000'],
    [3.14159e37, '3.14e37'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '∞'],
    [Number.NEGATIVE_INFINITY, '-∞'],
  ])('writes %d as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it('keeps as many significant digits as it is asked to', () => {
    expect(formatNumber(0.0123456, 5)).toBe('0.012346');
  });
});

describe('ticks', () => {
  it('writes plain text for a terminal and true exponents for a page', () => {
    expect([1e-3, 0.1, 1, 100, 1e3, 1e12].map(formatTick)).toEqual([
      '1e-3',
      '0.1',
      '1',
      '100',
      '1e3',
      '1e12',
    ]);
    expect([1e-7, 1, 1e4, 2e5, -1e6].map(formatTickRich)).toEqual(['10⁻⁷', '1', '10⁴', '2·10⁵', '-10⁶']);
  });

  it('writes shares as percentages', () => {
    expect([0, 0.083, 1, Number.NaN].map(formatPercent)).toEqual(['0 %', '8.3 %', '100 %', 'NaN']);
  });
});

describe('escapeHtml', () => {
  it('leaves no character that could open a tag or end an attribute', () => {
    expect(escapeHtml(`<b a="1" c='2'>&`)).toBe('&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;');
  });
});
