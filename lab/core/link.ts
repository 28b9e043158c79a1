/** Links: the whole state of a lesson after the `#`, readable, and what is said of one that cannot be followed whole. */

import { formatSetting, parseSetting, type Settings, type Value } from './settings.js';

/** What a link says besides the settings of the widget. */
export interface LinkState {
  /** Number of the lesson. */
  readonly lesson: number | null;
  /** Steps after which the runs stood, and the starts of the digests that they had there. */
  readonly at: number | null;
  readonly digests: readonly string[];
  /** Names of what a lecturer hides. */
  readonly hide: readonly string[];
  readonly presenting: boolean;
  /** Whether the sheet with all questions is asked for instead of a lesson. */
  readonly sheet: boolean;
  /** Everything else, to be read by the lesson. */
  readonly rest: ReadonlyMap<string, string>;
}

/** Keys that no setting of a widget may have. */
export const RESERVED: ReadonlySet<string> = new Set(['l', 't', 'h', 'hide', 'p', 'sheet']);

/** Reads what stands after the `#`. */
export function parseLink(hash: string): LinkState {
  const rest = new Map(new URLSearchParams(hash.replace(/^#/, '')));
  const take = (key: string): string | null => {
    const value = rest.get(key) ?? null;
    rest.delete(key);
    return value;
  };
  const whole = (text: string | null): number | null =>
    text !== null && /^\d+$/.test(text) ? Number(text) : null;
  return {
    lesson: whole(take('l')),
    at: whole(take('t')),
    digests: listOf(take('h')?.toLowerCase()),
    hide: listOf(take('hide')),
    presenting: take('p') === '1',
    sheet: take('sheet') === '1',
    rest,
  };
}

/** Names between commas. */
export function listOf(text: string | null | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}

/** Writes a link; the reverse of `parseLink`. */
export function formatLink(
  state: Omit<LinkState, 'rest' | 'sheet'>,
  values: Readonly<Record<string, Value>>,
): string {
  const pairs: [string, string][] = [];
  if (state.lesson !== null) pairs.push(['l', String(state.lesson)]);
  for (const [key, value] of Object.entries(values)) pairs.push([key, formatSetting(value)]);
  if (state.at !== null) pairs.push(['t', String(state.at)]);
  if (state.digests.length > 0) pairs.push(['h', state.digests.join(',')]);
  if (state.hide.length > 0) pairs.push(['hide', state.hide.join(',')]);
  if (state.presenting) pairs.push(['p', '1']);
  // Commas and the like stay readable; only what would end a part is escaped.
  const readable = (text: string): string =>
    encodeURIComponent(text).replace(/%(2C|3A|2F|28|29|5E|2A|40|24|3B)/g, (code) => decodeURIComponent(code));
  return `#${pairs.map(([key, value]) => `${readable(key)}=${readable(value)}`).join('&')}`;
}

/** The settings that a link sets, and what of it could not be used. */
export function readSettings(
  settings: Settings,
  rest: ReadonlyMap<string, string>,
): { readonly values: Readonly<Record<string, Value>>; readonly complaints: readonly string[] } {
  const values: Record<string, Value> = {};
  const complaints: string[] = [];
  for (const [key, given] of rest) {
    const setting = Object.hasOwn(settings, key) ? settings[key] : undefined;
    if (!setting) {
      complaints.push(
        `${key} is not a setting of this lesson (it has ${Object.keys(settings).join(', ') || 'none'})`,
      );
      continue;
    }
    try {
      values[key] = parseSetting(key, setting, given);
    } catch (error) {
      complaints.push((error as Error).message);
    }
  }
  return { values, complaints };
}
