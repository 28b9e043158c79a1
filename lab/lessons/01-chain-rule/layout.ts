/** Where the nodes stand: layer by layer from the variables to the result, with few lines that cross. */

import type { Graph } from './expression.js';

/** A point of the drawing. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A line from a node to one that reads it. */
export interface Line {
  readonly from: number;
  readonly to: number;
  /** Which of the inputs of `to` it is. */
  readonly input: number;
  /** As a path of SVG, and where its label stands. */
  readonly path: string;
  readonly label: Point;
}

/** The middle of each node, the lines, and the size of the drawing. */
export interface Layout {
  readonly places: readonly Point[];
  readonly lines: readonly Line[];
  readonly width: number;
  readonly height: number;
}

/** The size of a node. */
export const BOX = { width: 120, height: 70 };
/** Between layers, between nodes of a layer, and around all. */
const GAP = { along: 40, beside: 22 };
const EDGE = 5;
/** The room that a line takes where it passes a layer. */
const PASSAGE = 26;

/** A node in its layer, or where a line passes it. */
interface Item {
  readonly node: number | null;
  readonly layer: number;
  readonly neighbours: Item[];
  /** Across the layer: a share while the layers are ordered, then pixels. */
  position: number;
}

/** Places the nodes of a graph: from left to right if that fits into the width, else from top to bottom. */
export function layOut(graph: Graph, width: number): Layout {
  const { layers, ways } = itemsOf(graph);
  order(layers);
  const across = layers.length * (BOX.width + GAP.along) - GAP.along + 2 * EDGE <= width;
  const [along, beside] = across ? [BOX.width, BOX.height] : [BOX.height, BOX.width];
  const gap = across
    ? Math.min(110, (width - 2 * EDGE - layers.length * along) / (layers.length - 1))
    : GAP.along + 10;
  const sizeOf = ({ node }: Item): number => (node === null ? PASSAGE : beside);
  const breadth = (layer: readonly Item[]): number =>
    layer.reduce((sum, item) => sum + sizeOf(item), 0) + (layer.length - 1) * GAP.beside;
  const widest = Math.max(...layers.map(breadth)) + 2 * EDGE;
  const length = layers.length * along + (layers.length - 1) * gap + 2 * EDGE;
  for (const layer of layers) {
    let at = (widest - breadth(layer)) / 2;
    for (const item of layer) {
      item.position = at + sizeOf(item) / 2;
      at += sizeOf(item) + GAP.beside;
    }
  }
  const point = (item: Item): Point => {
    const forward = EDGE + along / 2 + item.layer * (along + gap);
    return across ? { x: forward, y: item.position } : { x: item.position, y: forward };
  };
  const places = new Array<Point>(graph.length);
  for (const item of layers.flat()) if (item.node !== null) places[item.node] = point(item);
  const arrivesFrom = ({ items }: Way): number => items[items.length - 2].position;
  const lines = ways.map((way): Line => {
    const { from, to, input, items } = way;
    // Lines that come from above arrive above: two that reach one node do not cross.
    const arriving = ways
      .filter((other) => other.to === to)
      .toSorted((a, b) => arrivesFrom(a) - arrivesFrom(b));
    const shift = (arriving.indexOf(way) - (arriving.length - 1) / 2) * (across ? 28 : 44);
    const half = along / 2;
    const points = items.map((item, k): Point => {
      const { x, y } = point(item);
      if (k === 0) return across ? { x: x + half, y } : { x, y: y + half };
      if (k === items.length - 1)
        return across ? { x: x - half, y: y + shift } : { x: x + shift, y: y - half };
      return { x, y };
    });
    return { from, to, input, ...curve(points, across, half) };
  });
  const size = across ? { width: length, height: widest } : { width: widest, height: length };
  return { places, lines, ...size };
}

/** A smooth line through points; where it passes a layer it runs straight. */
function curve(points: readonly Point[], across: boolean, half: number): { path: string; label: Point } {
  let path = `M${points[0].x} ${points[0].y}`;
  let from = points[0];
  const bend = (to: Point): void => {
    const middle = across ? (from.x + to.x) / 2 : (from.y + to.y) / 2;
    path += across
      ? `C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`
      : `C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${to.y}`;
    from = to;
  };
  for (const { x, y } of points.slice(1, -1)) {
    bend(across ? { x: x - half, y } : { x, y: y - half });
    from = across ? { x: x + half, y } : { x, y: y + half };
    path += `L${from.x} ${from.y}`;
  }
  const last = points[points.length - 1];
  const label = { x: (from.x + last.x) / 2, y: (from.y + last.y) / 2 };
  bend(last);
  return { path, label };
}

interface Way {
  readonly from: number;
  readonly to: number;
  readonly input: number;
  readonly items: readonly Item[];
}

/** Nodes by layer; a line that is longer than from one layer to the next has an item in each that it passes. */
function itemsOf(graph: Graph): { readonly layers: Item[][]; readonly ways: readonly Way[] } {
  const depths = depthsOf(graph);
  const layers: Item[][] = Array.from({ length: Math.max(...depths) + 1 }, () => []);
  const add = (node: number | null, layer: number): Item => {
    const item = { node, layer, neighbours: [], position: 0 };
    layers[layer].push(item);
    return item;
  };
  const items = graph.map((_, place) => add(place, depths[place]));
  const ways: Way[] = [];
  for (const [to, { reads }] of graph.entries())
    for (const [input, read] of reads.entries()) {
      if (!('node' in read)) continue;
      const from = read.node;
      const way = [items[from]];
      for (let layer = depths[from] + 1; layer < depths[to]; layer++) way.push(add(null, layer));
      way.push(items[to]);
      for (let k = 1; k < way.length; k++) {
        way[k].neighbours.push(way[k - 1]);
        way[k - 1].neighbours.push(way[k]);
      }
      ways.push({ from, to, input, items: way });
    }
  return { layers, ways };
}

/** The layer of each node: behind all that it reads. A variable stands directly before its first reader. */
function depthsOf(graph: Graph): readonly number[] {
  const depths = graph.map(() => 0);
  const first = graph.map(() => Number.POSITIVE_INFINITY);
  for (const [place, { reads }] of graph.entries())
    for (const read of reads)
      if ('node' in read) depths[place] = Math.max(depths[place], depths[read.node] + 1);
  for (const [place, { reads }] of graph.entries())
    for (const read of reads)
      if ('node' in read) first[read.node] = Math.min(first[read.node], depths[place]);
  return depths.map((depth, place) => (graph[place].kind === null ? first[place] - 1 : depth));
}

/** Orders every layer by the middle of its neighbours, back and forth a few times. */
function order(layers: Item[][]): void {
  const settle = (layer: readonly Item[]): void => {
    for (const [k, item] of layer.entries()) item.position = (k + 0.5) / layer.length;
  };
  for (const layer of layers) settle(layer);
  for (let round = 0; round < 6; round++) {
    for (const layer of round % 2 ? layers : layers.toReversed()) {
      const wish = new Map(
        layer.map((item) => [
          item,
          item.neighbours.reduce((sum, { position }) => sum + position, 0) / item.neighbours.length,
        ]),
      );
      layer.sort((a, b) => wish.get(a)! - wish.get(b)!);
      settle(layer);
    }
  }
}
