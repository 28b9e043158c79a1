/** What a widget may be set to: declared once, then a control, a part of the link and a checked value. */

/** A number, shown as a slider with its value beside it. */
export interface NumberSetting {
  readonly kind: 'number';
  /** In words, for the control: "Threshold c". */
  readonly label: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** Of the slider and the arrow keys; on a log scale, in decades. */
  readonly step: number;
  readonly scale?: 'linear' | 'log';
  /** Refuses what is not whole. */
  readonly whole?: boolean;
}

/** One of some words. */
export interface ChoiceSetting {
  readonly kind: 'choice';
  readonly label: string;
  readonly default: string;
  /** Value and what the reader sees. */
  readonly options: Readonly<Record<string, string>>;
}

/** On or off; `1` or `0` in a link. */
export interface FlagSetting {
  readonly kind: 'flag';
  readonly label: string;
  readonly default: boolean;
}

/** Free text, such as an expression or the order of some blocks. */
export interface TextSetting {
  readonly kind: 'text';
  readonly label: string;
  readonly default: string;
  /** Why a text cannot be used; null if it can. */
  readonly check?: (text: string) => string | null;
}

/** One setting. */
export type Setting = NumberSetting | ChoiceSetting | FlagSetting | TextSetting;

/** All settings of a widget, by the key they have in a link. */
export type Settings = Readonly<Record<string, Setting>>;

/** The value of each setting. */
export type ValuesOf<S extends Settings> = {
  readonly [K in keyof S]: S[K]['kind'] extends 'number'
    ? number
    : S[K]['kind'] extends 'flag'
      ? boolean
      : string;
};

/** A value of any setting. */
export type Value = number | string | boolean;

type Declared<S extends Setting> = Omit<S, 'kind'>;

/** Declares a number. */
export const number = (setting: Declared<NumberSetting>): NumberSetting => ({ kind: 'number', ...setting });
/** Declares a choice. */
export const choice = (setting: Declared<ChoiceSetting>): ChoiceSetting => ({ kind: 'choice', ...setting });
/** Declares a flag. */
export const flag = (setting: Declared<FlagSetting>): FlagSetting => ({ kind: 'flag', ...setting });
/** Declares a text. */
export const text = (setting: Declared<TextSetting>): TextSetting => ({ kind: 'text', ...setting });

/** The values that all settings have when nothing is said. */
export function defaultsOf<S extends Settings>(settings: S): ValuesOf<S> {
  const entries = Object.entries(settings).map(([key, setting]) => [key, setting.default]);
  return Object.fromEntries(entries) as ValuesOf<S>;
}

/** The value that a text from a link means. Throws an Error that says what the setting takes. */
export function parseSetting(key: string, setting: Setting, given: string): Value {
  const refuse = (takes: string): never => {
    throw new Error(`${key}=${given}: ${setting.label} ${takes}`);
  };
  switch (setting.kind) {
    case 'number': {
      const value = given.trim() === '' ? Number.NaN : Number(given);
      const { min, max, whole } = setting;
      const fits = value >= min && value <= max && (!whole || Number.isInteger(value));
      return fits ? value : refuse(`must be a ${whole ? 'whole number' : 'number'} from ${min} to ${max}`);
    }
    case 'choice':
      return Object.hasOwn(setting.options, given)
        ? given
        : refuse(`must be one of ${Object.keys(setting.options).join(', ')}`);
    case 'flag':
      return given === '1' || given === '0' ? given === '1' : refuse('must be 1 or 0');
    case 'text': {
      const reason = setting.check?.(given);
      return reason ? refuse(reason) : given;
    }
  }
}

/** A value as a link writes it. */
export function formatSetting(value: Value): string {
  return typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
}

/** The nearest value a number may take: on its grid, within its range. */
export function snap({ min, max, step, scale }: NumberSetting, value: number): number {
  const inside = Math.min(max, Math.max(min, value));
  if (scale === 'log') return Number(inside.toPrecision(3));
  const onGrid = min + Math.round((inside - min) / step) * step;
  return Number(Math.min(max, onGrid).toPrecision(12));
}
