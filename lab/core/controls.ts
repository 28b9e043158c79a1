/** The controls of settings: native elements with a label each, so that keyboard and screen reader work as they do. */

import { html, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { formatNumber } from '../../src/report/index.js';
import {
  type ChoiceSetting,
  type FlagSetting,
  type NumberSetting,
  snap,
  type TextSetting,
} from './settings.js';

/** A slider and a field that says, and takes, the exact number. */
export function numberControl(
  key: string,
  setting: NumberSetting,
  value: number,
  set: (value: number) => void,
): TemplateResult {
  const { label, min, max, step, scale } = setting;
  const log = scale === 'log';
  const slide = (event: Event): void => {
    const given = Number((event.target as HTMLInputElement).value);
    set(snap(setting, log ? 10 ** given : given));
  };
  const type = (event: Event): void => {
    const field = event.target as HTMLInputElement;
    const given = Number(field.value);
    const fits = field.value.trim() !== '' && given >= min && given <= max;
    if (fits) set(setting.whole ? Math.round(given) : given);
    else field.value = String(value);
  };
  return html`<div class="control" data-control=${key}>
    <label for="c-${key}">${label}</label>
    <span class="pair">
      <input
        id="c-${key}" type="range" aria-valuetext=${formatNumber(value)}
        min=${log ? Math.log10(min) : min} max=${log ? Math.log10(max) : max} step=${step}
        .value=${live(String(log ? Math.log10(value) : value))} @input=${slide}
      />
      <input
        class="exact" type="text" inputmode="decimal" aria-label="${label}, exactly" name=${key}
        .value=${formatNumber(value, 6)} @change=${type}
      />
    </span>
  </div>`;
}

/** Buttons of which one is on. */
export function choiceControl(
  key: string,
  { label, options }: ChoiceSetting,
  value: string,
  set: (value: string) => void,
): TemplateResult {
  return html`<fieldset class="control choice" data-control=${key}>
    <legend>${label}</legend>
    <span class="options">
      ${Object.entries(options).map(
        ([option, words]) => html`<label>
          <input type="radio" name=${key} value=${option} .checked=${live(option === value)} @change=${() => set(option)} />
          <span>${words}</span>
        </label>`,
      )}
    </span>
  </fieldset>`;
}

/** A box to tick. */
export function flagControl(
  key: string,
  { label }: FlagSetting,
  value: boolean,
  set: (value: boolean) => void,
): TemplateResult {
  const change = (event: Event): void => set((event.target as HTMLInputElement).checked);
  return html`<div class="control flag" data-control=${key}>
    <label><input type="checkbox" name=${key} .checked=${live(value)} @change=${change} /> ${label}</label>
  </div>`;
}

/** A line of text; what cannot be used is told and not taken. */
export function textControl(
  key: string,
  { label, check }: TextSetting,
  value: string,
  set: (value: string) => void,
): TemplateResult {
  const change = (event: Event): void => {
    const field = event.target as HTMLInputElement;
    const reason = check?.(field.value) ?? null;
    field.setCustomValidity(reason === null ? '' : `${label} ${reason}`);
    if (reason === null) set(field.value);
    else field.reportValidity();
  };
  const forget = (event: Event): void => (event.target as HTMLInputElement).setCustomValidity('');
  return html`<div class="control" data-control=${key}>
    <label for="c-${key}">${label}</label>
    <input id="c-${key}" type="text" spellcheck="false" autocapitalize="off" autocomplete="off"
      .value=${value} @input=${forget} @change=${change} />
  </div>`;
}
