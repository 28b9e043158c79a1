import { describe, expect, it, vi } from 'vitest';
import { renderTable, type TableColumn } from '../../../cli/terminal/table.js';
import { FakeSink, hasEscapes, plainLines, widest } from './sink.js';

const columns: readonly TableColumn[] = [
  { label: 'none', cells: { 'final loss': Number.NaN, 'max norm': 5.56e13, outcome: 'diverged' }, bad: true },
  { label: 'norm:1', cells: { 'final loss': 0.0118273, 'max norm': 44 } },
];

describe('renderTable', () => {
  it('aligns plain columns in a pipe', () => {
    const text = renderTable(columns, new FakeSink(false));
    expect(text).toBe(
      [
        '                none  norm:1',
        'final loss       NaN  0.0118',
        'max norm     5.56e13      44',
        'outcome     diverged       –',
        '',
      ].join('\n'),
    );
  });

  it('adds a rule and colour on a terminal, and honours NO_COLOR', () => {
    vi.stubEnv('NO_COLOR', '');
    const text = renderTable(columns, new FakeSink(true));
    expect(plainLines(text)[1]).toMatch(/^─+$/);
    expect(text).toContain('\u001b[31m');
    vi.stubEnv('NO_COLOR', '1');
    expect(hasEscapes(renderTable(columns, new FakeSink(true)))).toBe(false);
    vi.unstubAllEnvs();
  });

  it('never exceeds 80 columns, and marks what it cut', () => {
    const wide = Array.from({ length: 6 }, (_, k) => ({
      label: `per-tensor:${k}`,
      cells: { 'a rather long name of a row': 'gradient of layers.0.weight and others\nsecond' },
    }));
    const text = renderTable(wide, new FakeSink(false));
    expect(widest(text)).toBeLessThanOrEqual(80);
    expect(text).toContain('…');
    expect(plainLines(text)).toHaveLength(2);
  });

  it.each([3, 6])('stacks %d runs that do not fit side by side, and cuts no word', (count) => {
    const runs = Array.from({ length: count }, (_, k) => ({
      label: `per-tensor:0.${k}`,
      cells: { outcome: 'diverged at step 31', 'norm computed by': 'host, in float64', rest: 'x'.repeat(40) },
      brief: { outcome: `✗ step 3${k}`, 'final loss': 0.0123, 'last one': 'y'.repeat(60) },
      bad: true,
    }));
    const text = renderTable(runs, new FakeSink(true));
    expect(widest(text)).toBeLessThanOrEqual(80);
    expect(text).not.toContain('…');
    expect(plainLines(text)).toHaveLength(count + 2);
    expect(plainLines(text)[2]).toMatch(/^per-tensor:0\.0 +✗ step 30 +0\.0123$/);
    expect(text).not.toContain('last one');
  });

  it('has a table of one run, and of none', () => {
    expect(plainLines(renderTable([columns[1]], new FakeSink(false)))).toHaveLength(3);
    expect(renderTable([], new FakeSink(false))).not.toContain('undefined');
  });
});
