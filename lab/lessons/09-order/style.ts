/** The look of the blocks. */

import { html } from 'lit';

export const style = html`<style>
.zones,.blocks{display:grid;grid-template-columns:repeat(7,minmax(0,1fr));gap:.4rem;margin:0;padding:0;list-style:none}
.zones span{padding:0 .2rem .15rem;border-bottom:3px solid var(--zone);margin-bottom:.4rem;font-size:.8rem;line-height:1.3;color:var(--soft);align-self:end}
[data-zone=each]{--zone:var(--s4)}[data-zone=once]{--zone:var(--accent)}[data-zone=late]{--zone:var(--bad)}
.block{position:relative;display:flex;flex-direction:column;align-items:center;gap:.1rem;width:100%;height:100%;padding:.55rem .2rem .6rem;border-color:var(--rule);border-top:3px solid var(--zone);background:var(--bg);line-height:1.3;cursor:grab;user-select:none}
.block:hover:not(:disabled){border-color:var(--zone)}
.block:disabled{color:inherit;cursor:default}
.block[data-dragged]{cursor:grabbing;box-shadow:0 .3rem .9rem rgb(0 0 0/.25);z-index:1}
.block .grip{color:var(--soft);font-size:.8rem;touch-action:none;padding:0 .6rem}
.block .formula{font:.8rem/1.3 var(--mono);color:var(--soft);white-space:nowrap}
.block strong{font-size:.95rem}
.block[data-zone=late] strong{text-decoration:line-through;text-decoration-thickness:1px}
.block .when{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
#order-keys{margin:.5rem 0 0}.course{margin-top:1.75rem}.bench tr[data-right=false] :is(th,td){color:var(--bad)}
@media (max-width:48rem){.zones{display:none}.blocks{grid-template-columns:1fr}.block{display:grid;grid-template-columns:auto 6.5rem 1fr;gap:.1rem .4rem;justify-items:start;align-items:center;padding:.4rem .5rem;border-top-width:1px;border-left:4px solid var(--zone);text-align:left}.block .grip{padding:.4rem;font-size:1.1rem}.block .when{position:static;width:auto;height:auto;clip-path:none;grid-column:2/4;font-size:.8rem;color:var(--soft)}}
:host([present]) .block .formula{font-size:.72em}
</style>`;
