/**
 * What a report is made of, as plain data: a page, its runs, and figures that a caller adds. They stand apart
 * from the code that draws them, so that a caller describes a figure and never touches a chart library.
 */
import type { Divergence, StepRecord } from '../train/record.js';

/** One run of the comparison. */
export interface RunView {
  /** The run's name in legends and table heads, e.g. its clip spec: `none`, `norm:1`. */
  readonly label: string;
  /** The norm at which the run's gradients are clipped, drawn as a line; null if the run is not clipped at a norm. */
  readonly threshold: number | null;
  readonly records: readonly StepRecord[];
  readonly divergence: Divergence | null;
  /** Whether it did what the caller was after, which a finite loss alone does not say; false where left out. */
  readonly succeeded?: boolean;
  /** Rows of the table of runs, in order; numbers are formatted, text is shown as it is. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/** An axis of a figure. */
export interface Axis {
  /** What is measured, e.g. `gradient norm`. */
  readonly label: string;
  /** Its unit, e.g. `nats`; leave it out for plain numbers. */
  readonly unit?: string;
  /** Up: log by default where every drawn value is positive and they span a decade, else linear. Along: linear. */
  readonly scale?: 'linear' | 'log';
  /** Lines leave the frame above this value, and the figure says so. */
  readonly max?: number;
  /** How a position is named in a sentence, `t` for `t = 1`; by default the label: `step 1`. */
  readonly symbol?: string;
  /** Only whole numbers are positions, as with steps: no tick is between them. */
  readonly whole?: boolean;
}

/** One line: pairs of x and y. A value that is not finite, or not positive on a log axis, leaves a gap. */
export interface Series {
  readonly label: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** A curve to compare with (a law, a bound): thin, dashed and without markers. */
  readonly reference?: boolean;
  /** Measurements that no line joins: a marker at every point. */
  readonly scattered?: boolean;
  /** Which of the six colours and markers; the position in the list by default. */
  readonly style?: number;
  /** Why the line stops early, e.g. `diverged at step 35`; its last point is marked with a cross. */
  readonly ends?: string;
}

/** A horizontal line across a figure, e.g. a threshold. */
export interface Level {
  readonly label: string;
  readonly y: number;
}

/** What every figure has: a title, a caption, and words for those who cannot see it. */
export interface FigureText {
  readonly title: string;
  readonly caption: string;
  /** What the figure shows, in words; written from the data where it is left out. */
  readonly summary?: string;
}

/** Lines over a common x. */
export interface LineFigure extends FigureText {
  readonly kind: 'lines';
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  readonly levels?: readonly Level[];
}

/** Small line figures side by side, on the same axes but where a panel asks for its own. */
export interface PanelFigure extends FigureText {
  readonly kind: 'panels';
  readonly x: Axis;
  readonly y: Axis;
  readonly panels: readonly {
    readonly title: string;
    /** What became of it, beside the title, e.g. `diverged at step 35`. */
    readonly ends?: string;
    /** Its own range on both axes: a short run fills its panel. */
    readonly ownAxes?: boolean;
    readonly series: readonly Series[];
    readonly levels?: readonly Level[];
  }[];
}

/** Horizontal bars, one a row. A value that is not finite has no bar and is written out. */
export interface BarFigure extends FigureText {
  readonly kind: 'bars';
  readonly x: Axis;
  readonly bars: readonly { readonly label: string; readonly value: number; readonly style?: number }[];
}

/** A path drawn over a heat map, from its first point to its last. Points outside the map are cut off. */
export interface HeatPath {
  readonly label: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly style?: number;
  /** A curve to compare with: thin, dashed, without start and end. */
  readonly reference?: boolean;
  /** What became of it, shown in the legend, e.g. `left the map at step 3`. */
  readonly ends?: string;
}

/** A surface z(x, y) on an even grid, in bands of colour; hatched where it is not finite. */
export interface HeatFigure extends FigureText {
  readonly kind: 'heat';
  readonly x: Axis & {
    readonly range: readonly [number, number];
    readonly ticks?: readonly number[];
    /** Names columns instead of numbering an axis. */
    readonly categories?: readonly string[];
  };
  /** `categories` names rows instead of numbering an axis, from the top down. */
  readonly y: Axis & { readonly range: readonly [number, number]; readonly categories?: readonly string[] };
  readonly z: Axis & { readonly range?: readonly [number, number] };
  readonly columns: number;
  readonly rows: number;
  /** `rows × columns` values, row after row, from the lowest y (with categories: from the first). */
  readonly values: ArrayLike<number>;
  /** Writes each value that is not 0 into its cell; `all`: zeros, too. */
  readonly showValues?: boolean | 'all';
  readonly paths?: readonly HeatPath[];
}

/** What came of one setting: a sign, a word and a number, which must say it without the colour of the tone. */
export interface LadderCell {
  readonly tone: 'ok' | 'bad' | 'poor' | 'plain';
  readonly sign: string;
  readonly word: string;
  readonly note: string;
}

/** Outcomes along a row of settings, a row of tiles for each way of doing it. */
export interface LadderFigure extends FigureText {
  readonly kind: 'ladder';
  /** The settings, in order, and the letter they go by. */
  readonly x: { readonly symbol: string; readonly values: readonly string[] };
  /** A tile for each setting; null where nothing was run. */
  readonly rows: readonly { readonly label: string; readonly cells: readonly (LadderCell | null)[] }[];
  /** What neighbouring settings have in common, said above them; `from` and `to` are positions. */
  readonly bands?: readonly { readonly label: string; readonly from: number; readonly to: number }[];
}

/** Any figure. */
export type Figure = LineFigure | PanelFigure | BarFigure | HeatFigure | LadderFigure;

/** A part of the page that a caller adds. Words between backticks are set as code. */
export interface Section {
  readonly heading: string;
  readonly paragraphs: readonly string[];
  readonly figures: readonly Figure[];
  /** Before or after the figures that every comparison has; after by default. */
  readonly place?: 'before' | 'after';
}

/** A whole report. All text is plain text and is escaped; words between backticks are set as code. */
export interface ReportPage {
  readonly title: string;
  readonly lead: string;
  readonly verdict: string;
  /** What the reader must know first, e.g. that the comparison was interrupted. The verdict is then not final. */
  readonly notice?: string;
  readonly runs: readonly RunView[];
  readonly sections: readonly Section[];
  readonly settings: Readonly<Record<string, string | number>>;
  /** Command lines that reproduce the page, by where they work. */
  readonly commands: Readonly<Record<string, string>>;
  /** Unit of the loss, e.g. `nats`. */
  readonly lossUnit?: string;
}

/** One criterion of a card: what was measured and what it must be, formatted. */
export interface CardFact {
  readonly label: string;
  readonly value: string;
  readonly rule: string;
  readonly met: boolean;
}

/** One small result. Words between backticks are set as code. */
export interface Card {
  /** Unique in its page, fit for an anchor. */
  readonly id: string;
  readonly name: string;
  /** What it is about: a claim, a question. */
  readonly title: string;
  /** What came of it, in a few words. */
  readonly status: string;
  readonly tone: 'ok' | 'bad' | 'plain';
  readonly paragraphs: readonly string[];
  readonly facts: readonly CardFact[];
  readonly figure?: Figure;
  /** The command that repeats it alone. */
  readonly command?: string;
}

/** A page of many small results. All text is plain text and is escaped. */
export interface CollectionPage {
  readonly title: string;
  readonly lead: string;
  readonly verdict: string;
  readonly parts: readonly { readonly heading: string; readonly cards: readonly Card[] }[];
  /** What repeating it gives, before the commands: by default, the same numbers for the same seeds. */
  readonly again?: string;
  readonly commands: Readonly<Record<string, string>>;
}
