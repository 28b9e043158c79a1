import { describe, expect, it } from 'vitest';
import {
  condense,
  cutToDomain,
  domainOf,
  explosionCap,
  linearTicks,
  logTicks,
} from '../../src/report/index.js';
import { bandPaths, coarsen, cutToBox, thinPath } from '../../src/report/raster.js';
import { noise } from './fixtures.js';

const NaNs = (values: readonly { mid: number }[]) => values.filter((value) => Number.isNaN(value.mid)).length;

describe('condense', () => {
  it('leaves a short line as it is', () => {
    const points = [1, 2, 3].map((y, x) => ({ x, y }));
    expect(condense(points, 10).map(({ x, low, high }) => [x, low, high])).toEqual([
      [0, 1, 1],
      [1, 2, 2],
      [2, 3, 3],
    ]);
  });

  it('keeps every extreme of ten thousand points in a few hundred positions', () => {
    const random = noise(1);
    const points = Array.from({ length: 10_000 }, (_, x) => ({ x, y: random() }));
    points[4321] = { x: 4321, y: 1e6 };
    points[8765] = { x: 8765, y: -1e6 };
    const line = condense(points, 300);
    expect(line.length).toBeLessThanOrEqual(300);
    expect(Math.max(...line.map((bucket) => bucket.high))).toBe(1e6);
    expect(Math.min(...line.map((bucket) => bucket.low))).toBe(-1e6);
    expect(Math.max(...line.map((bucket) => bucket.mid))).toBeLessThan(1);
  });

  it('keeps a gap and the exact point before it', () => {
    const points = Array.from({ length: 1000 }, (_, x) => ({ x, y: x >= 500 && x < 600 ? Number.NaN : x }));
    const line = condense(points, 90);
    const gap = line.findIndex((bucket) => Number.isNaN(bucket.mid));
    expect(line[gap - 1]).toMatchObject({ x: 499, mid: 499 });
    expect(NaNs(line)).toBe(1);
    expect(condense([{ x: 0, y: Number.NaN }], 5)).toEqual([]);
  });
});

describe('domainOf', () => {
  it('is logarithmic where positive values span a decade, else linear', () => {
    expect(domainOf([0.01, 1]).scale).toBe('log');
    expect(domainOf([0, 0.01, 1]).scale).toBe('log');
    expect(domainOf([2, 4]).scale).toBe('linear');
    expect(domainOf([-1, 100]).scale).toBe('linear');
  });

  it.each([[[]], [[5]], [[0]], [[0, 0, 0]], [[1e-300, 1e300]], [[5e-324]], [[1.7e308]], [[-3, -3]]])(
    'is never empty, degenerate or without ticks: %j',
    (values) => {
      for (const scale of ['linear', 'log', undefined] as const) {
        const domain = domainOf(values, { scale });
        expect(Number.isFinite(domain.min) && Number.isFinite(domain.max)).toBe(true);
        expect(domain.max).toBeGreaterThan(domain.min);
        if (domain.scale === 'log') expect(domain.min).toBeGreaterThan(0);
        expect(domain.ticks.length).toBeGreaterThan(0);
      }
    },
  );

  it('ends at its cut', () => {
    expect(domainOf([0.01, 1e30], { max: 1e3 }).max).toBe(1e3);
  });
});

describe('ticks', () => {
  it('are round', () => {
    expect(linearTicks(0, 299, 5)).toEqual([0, 100, 200]);
    expect(linearTicks(-1.5, -0.5, 4)).toEqual([-1.5, -1, -0.5]);
    expect(logTicks(0.008, 1.2)).toEqual([0.01, 0.1, 1]);
    expect(logTicks(1, 44)).toEqual([1, 2, 5, 10, 20]);
  });

  it('stay few over hundreds of decades', () => {
    const ticks = logTicks(1e-300, 1e300);
    expect(ticks.length).toBeLessThanOrEqual(7);
    expect(ticks).toContain(1);
  });
});

describe('cutToDomain', () => {
  const domain = domainOf([0.1, 1e6], { scale: 'log', max: 100 });

  it('cuts a line that leaves at the top where it crosses the edge', () => {
    const cut = cutToDomain(
      [1, 10, 1000, 1e6].map((y, x) => ({ x, y })),
      domain,
    );
    expect(cut[2].x).toBeCloseTo(1.5, 10);
    expect(cut[2].y).toBe(100);
    expect(cut.slice(3).every((point) => Number.isNaN(point.y))).toBe(true);
  });

  it('makes gaps of zeros on a log axis and of what is not finite', () => {
    const cut = cutToDomain(
      [1, 0, 2, Number.POSITIVE_INFINITY, Number.NaN, 3].map((y, x) => ({ x, y })),
      domain,
    );
    expect(cut.map((point) => Number.isFinite(point.y))).toEqual([true, false, true, false, false, true]);
  });
});

describe('explosionCap', () => {
  it('cuts two decades above the lasting runs, and only a real explosion', () => {
    expect(explosionCap([1, 0.01], [1, 1e30])).toBe(100);
    expect(explosionCap([44], [1e30])).toBe(1e4);
    expect(explosionCap([1], [50])).toBeUndefined();
    expect(explosionCap([], [1e30])).toBeUndefined();
    expect(explosionCap([0], [1e30])).toBeUndefined();
  });
});

describe('rasters', () => {
  it('turns equal neighbours into one rectangle, row 0 at the bottom, and leaves holes out', () => {
    const grid = { columns: 3, rows: 2, values: [0, 0, 1, Number.NaN, 1, 1] };
    const { paths } = bandPaths(grid, (value) => (Number.isFinite(value) ? value : -1), 2);
    expect(paths).toEqual(['M0 1h2v1h-2z', 'M2 1h1v1h-1zM1 0h2v1h-2z']);
  });

  it('bounds the size even of noise', () => {
    const random = noise(2);
    const values = Array.from({ length: 401 * 401 }, () => Math.floor(random() * 12));
    const { paths } = bandPaths({ columns: 401, rows: 401, values }, (value) => value, 12);
    expect(paths.join('').length).toBeLessThan(90_000);
  });

  it('coarsens to the size asked for', () => {
    const small = coarsen({ columns: 4, rows: 4, values: Array.from({ length: 16 }, (_, k) => k) }, 2, 2);
    expect(Array.from(small.values)).toEqual([5, 7, 13, 15]);
  });
});

describe('paths on a map', () => {
  const box = { x: [0, 1], y: [0, 1] } as const;

  it('are cut exactly at the edge and start anew where they come back', () => {
    const cut = cutToBox(
      [
        { x: 0.5, y: 0.5 },
        { x: 0.5, y: 1.5 },
        { x: -0.5, y: 0.9 },
        { x: 0.5, y: 0.5 },
      ],
      box,
    );
    expect(cut[1]).toEqual({ x: 0.5, y: 1 });
    expect(cut.filter((point) => Number.isNaN(point.y))).toHaveLength(1);
    expect(cut.at(-2)?.x).toBeCloseTo(0, 12);
    expect(cut.at(-2)?.y).toBeCloseTo(0.7, 12);
  });

  it('cross the map between two points outside, and vanish where they miss it', () => {
    const across = cutToBox(
      [
        { x: -1, y: 0.5 },
        { x: 2, y: 0.5 },
      ],
      box,
    );
    expect(across.map((point) => point.x)).toEqual([0, 1].map((x) => expect.closeTo(x, 12)));
    expect(
      cutToBox(
        [
          { x: -1, y: 2 },
          { x: 2, y: 2 },
        ],
        box,
      ),
    ).toEqual([]);
  });

  it('are thinned without losing their ends', () => {
    const points = Array.from({ length: 5000 }, (_, k) => ({ x: k / 4999, y: 0.5 }));
    const thinned = thinPath(points, box, 0.0001, 100);
    expect(thinned.length).toBeLessThanOrEqual(100);
    expect([thinned[0], thinned.at(-1)]).toEqual([points[0], points.at(-1)]);
  });
});
