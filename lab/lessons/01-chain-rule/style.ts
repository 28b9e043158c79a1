/** The look of the graph. */

import { html } from 'lit';

export const style = html`<style>
lab-widget-chain-rule{display:block}
.controls.given-graph{margin:0 0 1.1rem;grid-template-columns:minmax(0,2.4fr) minmax(0,1fr)}
.given-graph input[type=text]{width:100%;font-family:var(--mono);font-size:1rem}.given-graph select{width:100%}
.graph-frame{overflow-x:auto;padding:.25rem 0;border-radius:.3rem}
.graph-frame svg{display:block;margin:0 auto;font:13px var(--sans);overflow:visible}
.graph .edge{fill:none;stroke:color-mix(in srgb,var(--soft) 55%,var(--card));stroke-width:1.5;transition:stroke .25s}
.graph .edge.now{stroke:var(--s2);stroke-width:3}
.graph .edge.back{stroke:var(--s1)}.graph .edge.back.now{stroke-width:3}
.tip path{fill:var(--soft)}.tip.backward path{fill:var(--s1)}
.graph .node{cursor:pointer}
.graph .node>rect{fill:var(--bg);stroke:var(--rule);stroke-width:1.5;transition:stroke .25s,fill .25s}
.graph .node.now>rect{stroke:var(--ink);stroke-width:2.5;fill:var(--card)}
.graph .node.waiting>rect{stroke-dasharray:4 4}.graph .node.collected>rect{stroke:var(--s1)}.graph .node.collecting>rect{stroke-dasharray:7 4}
.graph .node.collected.now>rect{stroke-width:3}
.graph .title{font-weight:650;fill:var(--ink)}.graph .waiting .title{fill:var(--soft)}
.graph .value,.graph .gradient{fill:var(--soft);font-size:12px}
.graph .number{font-size:13.5px;font-variant-numeric:tabular-nums}
.graph .value.number{fill:var(--ink)}.graph .gradient.number{fill:var(--s1);font-weight:650}
.graph .sum rect{fill:var(--s1)}.graph .sum text{fill:var(--card);font-size:11px;font-weight:650}
.graph .part{fill:var(--s1);font-size:12.5px;font-weight:600;font-variant-numeric:tabular-nums;paint-order:stroke;stroke:var(--card);stroke-width:5px;stroke-linejoin:round}
.rule{min-height:7.2rem;margin-top:.9rem;padding:.7rem 1rem;border-left:.25rem solid var(--rule);background:var(--bg);border-radius:0 .3rem .3rem 0}
.rule-title{margin:0 0 .35rem}.rule .phase{display:inline-block;margin-right:.4rem;padding:0 .5rem;border-radius:1rem;font-size:.85rem;font-weight:600;background:var(--rule);color:var(--ink)}
.rule .phase.backward,.rule .phase.seed{background:var(--s1);color:var(--card)}
.rule-line{display:flex;flex-wrap:wrap;gap:0 .6rem;margin:.2rem 0;font-variant-numeric:tabular-nums}
.rule .letters{font-family:var(--serif)}.rule .numbers b{color:var(--s1)}
.rule .plus{color:var(--s1)}
.rule .total{flex-basis:100%;padding-left:1.2rem;color:var(--soft);font-size:.95rem}.rule .total b{color:var(--ink)}
@media (max-width:34rem){.controls.given-graph{grid-template-columns:1fr}.rule{min-height:10rem;padding:.6rem .75rem}}
</style>`;
