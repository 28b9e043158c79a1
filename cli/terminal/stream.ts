/** What the terminal views need to know of where they write, in one place so that tests can stand in for it. */
import { styleText } from 'node:util';

/** The part of a stream that decides how text looks: `process.stdout` and `process.stderr` are such. */
export interface Sink {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** No view is wider than this, however wide the terminal. */
export const MAX_COLUMNS = 80;

/** Columns that a view may use. */
export function columnsOf(sink: Sink): number {
  return sink.isTTY && sink.columns ? Math.max(40, Math.min(MAX_COLUMNS, sink.columns)) : MAX_COLUMNS;
}

/** Whether to colour: on a terminal, unless NO_COLOR is set to anything (https://no-color.org). */
export function hasColor(sink: Sink, env: NodeJS.ProcessEnv = process.env): boolean {
  return sink.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}

type Style = Parameters<typeof styleText>[0];

/** `text` in a style, or as it is. `color` is {@link hasColor}'s answer: styleText alone would ask stdout. */
export function paint(text: string, style: Style, color: boolean): string {
  return color ? styleText(style, text, { validateStream: false }) : text;
}

/** Text no longer than `width` characters, its end replaced by an ellipsis where it was longer. */
export function shorten(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}
