/**
 * A heat map as vectors: values become bands, equal neighbours in a row become one rectangle, all rectangles
 * of a band one path. A page stays small without an image encoder, colours follow the page's scheme, and it
 * prints sharp. Cutting paths at the edge of the map lives here too: both are plain geometry.
 */
import type { Point } from './series.js';

/** A grid of values, `rows × columns`, row after row. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly values: ArrayLike<number>;
}

/** Most rectangles in one map: about 60 KB of path data. */
const MAX_RUNS = 4500;

/** Every `stride`-th column and row, so that no axis of the grid exceeds `limit`. */
export function coarsen(grid: Grid, columnLimit: number, rowLimit: number): Grid {
  const columns = Math.min(grid.columns, Math.max(1, Math.floor(columnLimit)));
  const rows = Math.min(grid.rows, Math.max(1, Math.floor(rowLimit)));
  const values = new Float64Array(columns * rows);
  for (let row = 0; row < rows; row += 1) {
    const from = Math.floor(((row + 0.5) * grid.rows) / rows);
    for (let column = 0; column < columns; column += 1) {
      const at = Math.floor(((column + 0.5) * grid.columns) / columns);
      values[row * columns + column] = grid.values[from * grid.columns + at];
    }
  }
  return { columns, rows, values };
}

/** The rectangles of a map: one path per band, in units of a grid of `columns × rows`, y downwards. */
export interface BandPaths {
  readonly columns: number;
  readonly rows: number;
  readonly paths: readonly string[];
}

/** SVG path data of each band; cells whose value `band` maps to -1 are left out. Noise costs resolution. */
export function bandPaths(grid: Grid, band: (value: number) => number, bands: number): BandPaths {
  for (let current = grid; ; ) {
    const { paths, runs } = runLengths(current, band, bands);
    if (runs <= MAX_RUNS || (current.columns < 16 && current.rows < 16)) {
      return { columns: current.columns, rows: current.rows, paths: paths.map((parts) => parts.join('')) };
    }
    current = coarsen(current, current.columns * 0.8, current.rows * 0.8);
  }
}

/** Most crosses in a row and rows with crosses: a cell that is small shares one with its neighbours. */
const CROSSES = 36;

/** Crosses over the cells that are not finite, in units of the grid, y downwards: a hole must not look like a zero. */
export function hatching({ columns, rows, values }: Grid): string {
  const across = Math.max(1, Math.round(columns / CROSSES));
  const down = Math.max(1, Math.round(rows / CROSSES));
  let d = '';
  for (let row = 0; row < rows; row += down) {
    for (let column = 0; column < columns; column += 1) {
      if (Number.isFinite(values[row * columns + column])) continue;
      let width = 1;
      while (
        width < across &&
        column + width < columns &&
        !Number.isFinite(values[row * columns + column + width])
      )
        width += 1;
      const height = Math.min(down, rows - row);
      const y = rows - row - height;
      d += `M${column} ${y}l${width} ${height}M${column + width} ${y}l${-width} ${height}`;
      column += width - 1;
    }
  }
  return d;
}

function runLengths(grid: Grid, band: (value: number) => number, bands: number) {
  const paths: string[][] = Array.from({ length: bands }, () => []);
  let runs = 0;
  for (let row = 0; row < grid.rows; row += 1) {
    const y = grid.rows - 1 - row;
    let start = 0;
    for (let column = 1; column <= grid.columns; column += 1) {
      const here = band(grid.values[row * grid.columns + start]);
      if (column < grid.columns && band(grid.values[row * grid.columns + column]) === here) continue;
      if (here >= 0) paths[here].push(`M${start} ${y}h${column - start}v1h${start - column}z`);
      runs += 1;
      start = column;
    }
  }
  return { paths, runs };
}

/** The edges of a map. */
export interface Box {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** Whether a point lies on the map. */
export function inside({ x, y }: Point, box: Box): boolean {
  return x >= box.x[0] && x <= box.x[1] && y >= box.y[0] && y <= box.y[1];
}

/**
 * The pieces of a path that lie inside the box, cut exactly at its edges, with a gap (y NaN) between pieces.
 * A step between two outside points that crosses the map is kept.
 */
export function cutToBox(points: readonly Point[], box: Box): readonly Point[] {
  const kept: Point[] = [];
  for (let k = 1; k < points.length; k += 1) {
    const piece = cutSegment(points[k - 1], points[k], box);
    if (!piece) continue;
    const last = kept[kept.length - 1];
    if (!last || last.x !== piece[0].x || last.y !== piece[0].y) {
      if (last) kept.push({ x: piece[0].x, y: Number.NaN });
      kept.push(piece[0]);
    }
    kept.push(piece[1]);
  }
  return kept.length === 0 && points.length === 1 && inside(points[0], box) ? points : kept;
}

/** Liang and Barsky 1984: the part of one segment inside a box, or null. */
function cutSegment(a: Point, b: Point, box: Box): readonly [Point, Point] | null {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  if (!Number.isFinite(dx) || !Number.isFinite(dy)) return null;
  let enter = 0;
  let leave = 1;
  const edges = [
    [-dx, a.x - box.x[0]],
    [dx, box.x[1] - a.x],
    [-dy, a.y - box.y[0]],
    [dy, box.y[1] - a.y],
  ];
  for (const [towards, room] of edges) {
    if (towards === 0 && room < 0) return null;
    if (towards < 0) enter = Math.max(enter, room / towards);
    if (towards > 0) leave = Math.min(leave, room / towards);
  }
  if (enter > leave) return null;
  const at = (share: number) => ({ x: a.x + share * dx, y: a.y + share * dy });
  return [enter === 0 ? a : at(enter), leave === 1 ? b : at(leave)];
}

/** Points of a path without those that moved less than `tolerance` of the box, and at most `limit` of them. */
export function thinPath(
  points: readonly Point[],
  box: Box,
  tolerance: number,
  limit: number,
): readonly Point[] {
  const scaleX = 1 / (box.x[1] - box.x[0]);
  const scaleY = 1 / (box.y[1] - box.y[0]);
  const moved = (a: Point, b: Point) => Math.hypot((a.x - b.x) * scaleX, (a.y - b.y) * scaleY);
  const kept = points.slice(0, 1);
  points.forEach((point, index) => {
    if (index === points.length - 1 || moved(point, kept[kept.length - 1]) >= tolerance) kept.push(point);
  });
  return kept.length > limit ? thinPath(points, box, tolerance * 1.6, limit) : kept;
}
