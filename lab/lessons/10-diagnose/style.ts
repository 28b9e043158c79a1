/** The look of the runs. */

import { html } from 'lit';

export const style = html`<style>
.runs{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:2rem 2.25rem}
.run h2,.own h2{margin:0 0 .4rem;font-size:1.15rem}.own h3{margin:1.25rem 0 .4rem;font:600 1rem/1.3 var(--sans)}
.run:focus,.own-result:focus{outline:none}
.run .quiet{margin:.5rem 0 .75rem;font-size:.875rem}
.run .exports{display:none}
.run button{margin-top:.25rem}
.answer,.own-run{padding-left:.9rem;border-left:.25rem solid var(--accent);font-size:.95rem}
.answer p,.own-run p{margin:.4rem 0 0;max-width:66ch}.answer p:first-child{margin-top:0}
.answer[data-answer=false]{border-color:var(--bad)}.answer[data-answer=true]{border-color:var(--good)}
.score{margin:1.75rem 0 0;font-weight:600}
.seeds{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:end}.seeds .controls{flex:0 1 20rem}
.own{margin-top:2rem;padding-top:1.5rem;border-top:1px solid var(--rule)}
.drop{margin:.5rem 0 0;padding:1.4rem 1.2rem;border:2px dashed var(--soft);border-radius:.5rem;max-width:none}
.own-run+.own-run{margin-top:1.5rem}
@media (max-width:48rem){.runs{grid-template-columns:1fr}}
</style>`;
