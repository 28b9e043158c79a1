/**
 * The arithmetic behind a chart, without any drawing: which scale, which ticks, which points to keep. The
 * terminal charts use it too, so that both show the same shape.
 */

import { checkArray, checkIterable, checkNumber, checkObject } from '../tensor/arguments.js';

/** A position on a line; y is NaN where the line has a gap. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The part of an axis that a figure shows. */
export interface Domain {
  readonly scale: 'linear' | 'log';
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
}

/** One drawn position of a line: a point, or a bucket of them with its lowest, median and highest value. */
export interface Bucket {
  readonly x: number;
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

/**
 * A line in about `limit` positions: as it is where it has no more points, else its median in each bucket with
 * the lowest and highest beside it, so no spike is lost. A gap (all NaN) stays a gap, and the points on both
 * sides of one stay exact.
 */
export function condense(points: readonly Point[], limit: number): readonly Bucket[] {
  checkArray('condense', 'points', points, 'points { x, y }');
  const size = Math.max(1, Math.ceil(points.length / limit));
  const buckets: Bucket[] = [];
  for (let start = 0; start < points.length; start += size) {
    let finite: Point[] = [];
    const flush = () => {
      if (finite.length > 0) buckets.push(...bucketsOf(finite, size));
      finite = [];
    };
    for (const point of points.slice(start, start + size)) {
      if (Number.isFinite(point.y)) finite.push(point);
      else {
        const last = finite.at(-1);
        flush();
        if (last && size > 1) buckets.push(exact(last));
        if (buckets.length > 0 && !Number.isNaN(buckets[buckets.length - 1].mid)) buckets.push(exact(point));
      }
    }
    flush();
  }
  return buckets;
}

function exact({ x, y }: Point): Bucket {
  const value = Number.isFinite(y) ? y : Number.NaN;
  return { x, low: value, mid: value, high: value };
}

function bucketsOf(points: readonly Point[], size: number): readonly Bucket[] {
  if (size === 1) return points.map(exact);
  const sorted = points.map((point) => point.y).sort((a, b) => a - b);
  const x = points[points.length >> 1].x;
  return [{ x, low: sorted[0], mid: sorted[sorted.length >> 1], high: sorted[sorted.length - 1] }];
}

/** Smallest and largest finite value, or null without one. Loops, because a spread would overflow the stack. */
export function extent(values: Iterable<number>): readonly [number, number] | null {
  checkIterable('extent', 'the argument', values, 'numbers');
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min <= max ? [min, max] : null;
}

/**
 * Where to cut an axis so that a run that explodes does not flatten those that do not: two decades and a bit
 * above the largest value of the lasting ones. Undefined where nothing needs cutting.
 */
export function explosionCap(
  lasting: Iterable<number>,
  exploding: Iterable<number>,
  decades = 2,
): number | undefined {
  checkIterable('explosionCap', 'the first argument', lasting, 'numbers');
  checkIterable('explosionCap', 'the second argument', exploding, 'numbers');
  const calm = extent(lasting);
  const wild = extent(exploding);
  if (!calm || !wild || calm[1] <= 0 || wild[1] < calm[1] * 10 ** (decades + 2)) return undefined;
  return 10 ** (Math.ceil(Math.log10(calm[1])) + decades);
}

/** Round steps (1, 2, 5 × 10ⁿ) across a range, about `count` of them. */
export function linearTicks(min: number, max: number, count = 5): readonly number[] {
  checkEnds('linearTicks', min, max, count);
  const span = max - min;
  if (!(span > 0)) return [min];
  if (span === Number.POSITIVE_INFINITY) return [min, max];
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((candidate) => candidate >= raw * 0.999) ?? raw;
  // Counted, not compared: near the ends of the number range adding a step may change nothing.
  const start = Math.ceil(min / step - 1e-9);
  const ticks = Array.from({ length: 2 * count + 2 }, (_, k) => Number(((start + k) * step).toPrecision(12)));
  const inside = (tick: number) => tick >= min - step * 1e-9 && tick <= max + step * 1e-9;
  const shown = ticks.filter((tick) => Number.isFinite(tick) && inside(tick));
  return shown.length > 0 ? shown : [min];
}

/** Throws an Error unless all are numbers: a loop up to text would never end. */
function checkEnds(caller: string, min: number, max: number, count: number): void {
  checkNumber(caller, 'min', min);
  checkNumber(caller, 'max', max);
  checkNumber(caller, 'count', count);
}

/** Powers of ten across a positive range, thinned to about `count`; 1, 2, 5 where it spans little. */
export function logTicks(min: number, max: number, count = 6): readonly number[] {
  checkEnds('logTicks', min, max, count);
  const low = Math.ceil(Math.log10(min) - 1e-9);
  const high = Math.floor(Math.log10(max) + 1e-9);
  const stride = Math.max(1, Math.ceil((high - low + 1) / count));
  const ticks: number[] = [];
  for (let power = Math.ceil(low / stride) * stride; power <= high; power += stride) {
    ticks.push(Number(`1e${power}`));
  }
  if (ticks.length >= 3) return ticks;
  const fine: number[] = [];
  for (let power = low - 1; power <= high; power += 1) {
    for (const m of [1, 2, 5]) {
      const tick = Number(`${m}e${power}`);
      if (tick >= min && tick <= max) fine.push(tick);
    }
  }
  return fine.length >= 3 ? fine : linearTicks(min, max, 4);
}

/** The domain of a y axis that shows `values`; `max` cuts it. Never empty, never degenerate. */
export function domainOf(
  values: readonly number[],
  options: { readonly scale?: 'linear' | 'log'; readonly max?: number } = {},
): Domain {
  checkArray('domainOf', 'values', values, 'numbers');
  checkObject('domainOf', 'options', options, 'an object { scale, max }');
  const scale = options.scale ?? defaultScale(values);
  const shown = extent(scale === 'log' ? values.filter((value) => value > 0) : values);
  const min = shown ? shown[0] : scale === 'log' ? 0.1 : 0;
  const max = Math.min(shown ? shown[1] : 1, options.max ?? Number.POSITIVE_INFINITY);
  return scale === 'log' ? logDomain(Math.min(min, max), max, max === options.max) : linearDomain(min, max);
}

/** Log where nothing is negative and the positive values span a decade. */
function defaultScale(values: readonly number[]): 'linear' | 'log' {
  const all = extent(values);
  const positive = extent(values.filter((value) => value > 0));
  return all && positive && all[0] >= 0 && positive[1] >= 10 * positive[0] ? 'log' : 'linear';
}

function logDomain(low: number, high: number, cut: boolean): Domain {
  const room = Math.max(1.15, (high / low) ** 0.03);
  const flat = high / low < 1.05;
  const min = Math.max(low / (flat ? 3 : room), Number.MIN_VALUE);
  const max = cut ? high : Math.min(high * (flat ? 3 : room), Number.MAX_VALUE);
  return { scale: 'log', min, max, ticks: logTicks(min, max) };
}

function linearDomain(low: number, high: number): Domain {
  const found = Math.min(high - low || Math.abs(high), Number.MAX_VALUE);
  const span = found > 1e-300 ? found : 1;
  // A measurement that is never negative should start at zero if that takes little room.
  const min = low >= 0 && low <= 0.5 * span ? 0 : Math.max(low - 0.05 * span, -Number.MAX_VALUE);
  const max = Math.min(high + 0.06 * span, Number.MAX_VALUE);
  return { scale: 'linear', min, max, ticks: linearTicks(min, max) };
}

/**
 * The points of a line inside a domain: values that cannot be shown become gaps, and a line that leaves at the
 * top is cut where it crosses the edge.
 */
export function cutToDomain(points: readonly Point[], domain: Domain): readonly Point[] {
  checkArray('cutToDomain', 'points', points, 'points { x, y }');
  checkObject('cutToDomain', 'the second argument', domain, 'a domain, as domainOf gives it');
  const forward = domain.scale === 'log' ? Math.log : (value: number) => value;
  const top = domain.max * (1 + 1e-12);
  const drawable = ({ y }: Point) => Number.isFinite(y) && (domain.scale === 'linear' || y > 0);
  const kept: Point[] = [];
  let before: Point | null = null;
  for (const point of points) {
    const shown = drawable(point);
    if (shown && before && point.y > top !== before.y > top) {
      const share = (forward(domain.max) - forward(before.y)) / (forward(point.y) - forward(before.y));
      kept.push({ x: before.x + share * (point.x - before.x), y: domain.max });
    }
    kept.push(shown && point.y <= top ? point : { x: point.x, y: Number.NaN });
    before = shown ? point : null;
  }
  return kept;
}

/** A run on a chart, as far as it decides where its line lies. */
interface Course {
  readonly label: string;
  readonly at: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** The label of the first earlier run whose every value is the same, which run `index` is drawn upon; undefined for none. */
export function twinOf(courses: readonly Course[], index: number): string | undefined {
  const { at, values } = courses[index];
  const isSame = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
    a.length === b.length && Array.prototype.every.call(a, (value, i) => Object.is(value, b[i]));
  return courses.slice(0, index).find((other) => isSame(other.values, values) && isSame(other.at, at))?.label;
}
