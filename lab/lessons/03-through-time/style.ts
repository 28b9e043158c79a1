/** The look of the unrolled network. */

import { html } from 'lit';

export const style = html`<style>
lab-widget-through-time{display:block}
.unrolled{border-radius:.3rem}
.unrolled svg{display:block;max-width:100%;font:12.5px var(--sans);overflow:visible}
.unrolled .way{stroke:color-mix(in srgb,var(--soft) 45%,var(--card));stroke-width:1.5}
.unrolled .back{stroke:var(--s1);stroke-width:3}
.unrolled .tip{fill:var(--s1)}
.unrolled .cell{cursor:pointer}.unrolled .cell circle{stroke:var(--soft);stroke-width:1.25;fill:var(--s2)}
.unrolled .cell .under{fill:var(--card)}.unrolled .cell[data-reached=true] circle{stroke:var(--s1)}
.unrolled .cell[data-at=true] .ring{fill:none;stroke:var(--ink);stroke-width:2.5}
.unrolled text{fill:var(--soft)}
.unrolled .loss{fill:var(--ink);font-weight:650}
</style>`;
