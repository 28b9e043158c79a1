/**
 * How one line is told from another. Colours are Okabe and Ito's, darkened or lightened until they stand out
 * on the page in both schemes; every colour comes with a marker of its own, the last two with dashes as
 * well, so that a figure also reads in grey. Noisy lines turn to dust when dashed, so the first four are whole.
 */

/** The look of one series. */
export interface SeriesStyle {
  /** A CSS colour: a variable of the page, which has a value for light and one for dark. */
  readonly color: string;
  readonly dash: string | null;
  readonly marker: Marker;
}

/** Marker names that both the chart library and the legend know. */
export type Marker = 'circle' | 'square' | 'triangle' | 'diamond' | 'star' | 'cross';

export const LIGHT = ['#c44e00', '#0069a6', '#00795a', '#a1477c', '#8a6100', '#4b5563'] as const;
export const DARK = ['#ff8f4d', '#5cb8f0', '#3ecf9f', '#eb9cca', '#e8c547', '#b6bec9'] as const;

const MARKERS: readonly Marker[] = ['circle', 'square', 'triangle', 'diamond', 'star', 'cross'];
const DASHES: readonly (string | null)[] = [null, null, null, null, '10 3', '4 3'];

/** The look of the series at `index`; it repeats after six. */
export function seriesStyle(index: number): SeriesStyle {
  const at = index % MARKERS.length;
  return { color: `var(--s${at + 1})`, dash: DASHES[at], marker: MARKERS[at] };
}

/** How many bands a heat map has. */
export const HEAT_LEVELS = 14;

type Rgb = readonly [number, number, number];

/** A ramp in one hue, low to high, through three anchors. */
function ramp(anchors: readonly [Rgb, Rgb, Rgb]): readonly string[] {
  return Array.from({ length: HEAT_LEVELS }, (_, level) => {
    const at = (level / (HEAT_LEVELS - 1)) * 2;
    const [from, to] = at < 1 ? [anchors[0], anchors[1]] : [anchors[1], anchors[2]];
    const share = at < 1 ? at : at - 1;
    const mixed = from.map((channel, k) => Math.round(channel + share * (to[k] - channel)));
    return `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
  });
}

export const HEAT_LIGHT = ramp([
  [246, 245, 240],
  [163, 171, 190],
  [61, 66, 92],
]);
export const HEAT_DARK = ramp([
  [27, 30, 38],
  [66, 73, 95],
  [140, 147, 170],
]);
