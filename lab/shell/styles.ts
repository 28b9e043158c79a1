/** The look of the lab: colours and type of the reports, calm, one idea after another. */

import { unsafeCSS } from 'lit';
import { DARK, HEAT_DARK, HEAT_LIGHT, LIGHT } from '../../src/report/index.js';

const variables = (name: string, colors: readonly string[], from: number): string =>
  colors.map((color, k) => `--${name}${k + from}:${color}`).join(';');

const light = `color-scheme:light;--bg:#f7f5f0;--card:#fffefb;--ink:#1d2026;--soft:#565c68;--rule:#ddd8cc;--accent:#0069a6;--on-accent:#fff;--bad:#a83f00;--good:#00694e;${variables('s', LIGHT, 1)};${variables('h', HEAT_LIGHT, 0)}`;
const dark = `color-scheme:dark;--bg:#121419;--card:#191c23;--ink:#eceae4;--soft:#a6acb8;--rule:#31363f;--accent:#5cb8f0;--on-accent:#0d1117;--bad:#ff9b61;--good:#4fd6a8;${variables('s', DARK, 1)};${variables('h', HEAT_DARK, 0)}`;

const sheet = `
:host{--rem:1rem;${light};--serif:"Iowan Old Style",Charter,"Bitstream Charter","Source Serif 4",Georgia,"Liberation Serif",serif;--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif;--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;display:block;background:var(--bg);color:var(--ink);font:1.0625rem/1.6 var(--sans);overflow-wrap:break-word}
@media screen and (prefers-color-scheme:dark){:host{${dark}}}
*{box-sizing:border-box}
[hidden]{display:none!important}
.lab{max-width:58rem;margin:0 auto;padding:0 clamp(1rem,4vw,2.5rem) 3rem}
/* What is above all would else hang out of the element. */
:host(:not([linked])) .lab{padding-top:1px}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.bar{display:flex;flex-wrap:wrap;gap:.5rem 2rem;align-items:baseline;justify-content:space-between;padding:1rem 0;border-bottom:1px solid var(--rule)}
.bar .name{margin:0;color:var(--soft)}.bar .name strong{color:var(--ink);font-weight:650}
.lessons{display:flex;flex-wrap:wrap;gap:.25rem;margin:0;padding:0;list-style:none}
.lessons a{display:block;min-width:2rem;padding:.15rem .4rem;border-radius:.3rem;text-align:center;text-decoration:none;color:var(--soft);font-variant-numeric:tabular-nums}
.lessons a[data-done=true]{color:var(--good);font-weight:650}
.lessons a[aria-current]{background:var(--accent);color:var(--on-accent)}
.lessons a:hover{text-decoration:underline}
h1{margin:0 0 .75rem;max-width:22ch;font:600 clamp(2rem,6vw,3.2rem)/1.08 var(--serif);letter-spacing:-.015em;text-wrap:balance}
h1:focus{outline:none}
h2{margin:0 0 .75rem;font:600 clamp(1.35rem,3.2vw,1.7rem)/1.2 var(--serif);letter-spacing:-.01em}
.eyebrow{margin:clamp(1.75rem,5vw,3rem) 0 .6rem;font:600 .8125rem/1.4 var(--sans);letter-spacing:.09em;text-transform:uppercase;color:var(--accent)}
.lead{margin:0 0 1.5rem;max-width:60ch;font-size:clamp(1.08rem,2.3vw,1.22rem);line-height:1.5;color:var(--soft);text-wrap:pretty}
section{margin-top:clamp(2.25rem,5vw,3.25rem)}
.prose p,.prose li,.task p{max-width:66ch;text-wrap:pretty}
.prose ul,.prose ol{padding-left:1.3rem}.prose li{margin:.5rem 0}.prose li::marker{color:var(--accent)}
.prose em{font-style:italic}
.prose math[display=block]{margin:1rem 0;overflow-x:auto;overflow-y:hidden;padding:.2rem 0}
math{font-size:1.05em}
.source{font-size:.95rem;color:var(--soft)}.source h2{font-size:1.1rem}
.stage-card{padding:clamp(.9rem,2.4vw,1.6rem);background:var(--card);border:1px solid var(--rule);border-radius:.5rem}
.formula-line{margin:0 0 .75rem;color:var(--soft);font-size:.95rem}
figure{margin:0}
lab-chart,lab-plane,lab-exercise,lab-quiz{display:block}
.chart svg,.plane svg{display:block;max-width:100%;height:auto;overflow:visible;font:12.5px var(--sans)}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.3rem;margin:0 0 .5rem;padding:0;list-style:none;font-size:.9rem}
.legend li{display:flex;align-items:center;gap:.5rem}
.grid line{stroke:var(--rule);stroke-width:1}
.axis{stroke:var(--soft)}
.ticks text,.label{fill:var(--soft)}
.level line{stroke:var(--ink);stroke-dasharray:2 4}.level text{fill:var(--ink);font-size:12px}
.mark line{stroke:var(--soft)}.mark text{fill:var(--soft);font-size:12px}
.series .line{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}
.series .band{fill:none;stroke:currentColor;opacity:.35}
.series .end,.bars rect{fill:currentColor}
.plane .stage{position:relative}
.plane .frame{fill:none;stroke:var(--rule)}
.shapes .thin{stroke:var(--rule)}.shapes .shape{fill:none;stroke:currentColor;stroke-width:1.5}.shapes .given{stroke:var(--ink);stroke-width:2;stroke-dasharray:3 3}
.plane image{image-rendering:auto}
.path .line{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}
.path .halo{fill:none;stroke:var(--card);stroke-width:4.5;stroke-linejoin:round;opacity:.75}
.path .end{fill:currentColor;stroke:var(--card);stroke-width:1}
.handle{position:absolute;width:2.5rem;height:2.5rem;margin:-1.25rem 0 0 -1.25rem;padding:0;border:0;border-radius:50%;background:transparent;cursor:grab;touch-action:none}
.handle::after{content:"";position:absolute;inset:.65rem;border:3px solid var(--handle,var(--accent));border-radius:50%;background:color-mix(in srgb,var(--card) 55%,transparent);box-shadow:0 0 0 2px var(--card)}
.handle:active{cursor:grabbing}
.summary{margin:.6rem 0 0;max-width:none;font-size:.925rem;line-height:1.5;color:var(--soft)}
.exports{margin:.35rem 0 0;font-size:.85rem;color:var(--soft)}
.controls{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr));gap:.7rem 1.75rem;margin-top:1rem}
.control{min-width:0;border:0;margin:0;padding:0;font-size:.925rem}
.control>label,.control legend{padding:0;color:var(--soft)}
.control .pair{display:flex;gap:.6rem;align-items:center}
.control input[type=range]{flex:1;min-width:0}
.control .exact{width:5.2rem;text-align:right;font-variant-numeric:tabular-nums}
.options{display:flex;flex-wrap:wrap;gap:.25rem 1rem}
.options label,.flag label{display:flex;gap:.4rem;align-items:baseline;color:var(--ink)}
input,select,textarea,button{font:inherit;color:inherit}
input[type=range]{accent-color:var(--accent);height:1.75rem;margin:0}
input[type=checkbox],input[type=radio]{accent-color:var(--accent)}
input[type=text],select{padding:.2rem .45rem;background:var(--bg);border:1px solid var(--soft);border-radius:.3rem}
button{padding:.35rem .85rem;border:1px solid var(--soft);border-radius:.35rem;background:var(--card);cursor:pointer}
button:hover:not(:disabled){border-color:var(--accent)}
button:disabled{color:var(--soft);border-color:var(--rule);cursor:default}
button.primary{background:var(--accent);border-color:var(--accent);color:var(--on-accent);font-weight:600}
button.link,.link{padding:0 .2rem;border:0;background:none;color:var(--accent);text-decoration:underline;text-underline-offset:.15em;cursor:pointer}
.file input{position:absolute;width:1px;height:1px;opacity:0}
.file:focus-within{outline:2px solid var(--accent);outline-offset:3px}
.transport{display:flex;flex-wrap:wrap;gap:.5rem .6rem;align-items:center;margin-top:1rem}
.transport .primary{min-width:6rem}
.position{display:flex;flex:1 1 12rem;gap:.75rem;align-items:center;color:var(--soft);font-size:.925rem;font-variant-numeric:tabular-nums;white-space:nowrap}
.position input{flex:1;min-width:4rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.925rem;font-variant-numeric:tabular-nums}
.facts{margin-top:1rem;width:100%}
th,td{padding:.3rem .75rem;border-bottom:1px solid var(--rule);text-align:right}
tbody th,thead td{padding-left:0;text-align:left;font-weight:400;color:var(--soft)}
thead th{font-weight:600}
.share{margin:.75rem 0 0;font-size:.9rem}
.code-frame{margin-top:1rem;border:1px solid var(--soft);border-radius:.4rem;overflow:hidden;background:var(--card);font-size:.9rem;line-height:1.5}
.code-frame:focus-within{outline:2px solid var(--accent);outline-offset:1px}
.plain-code{display:block;width:100%;padding:.6rem .9rem;border:0;outline:0;resize:vertical;background:transparent;font:inherit;font-family:var(--mono);tab-size:2}
.actions{display:flex;flex-wrap:wrap;gap:.5rem .9rem;align-items:center;margin-top:.8rem}
.switch{font-size:.9rem;color:var(--soft)}
.checks{margin:.6rem 0 0;padding:0;list-style:none;font-size:.95rem}
.checks li{display:flex;gap:.6rem;padding:.3rem 0;border-bottom:1px solid var(--rule)}
.checks .mark{font-weight:700}
.checks li.ok>.mark{color:var(--good)}.checks li.bad>.mark{color:var(--bad)}
.why{color:var(--bad);font-size:.9rem;overflow-wrap:anywhere}
.hint{margin:.9rem 0;padding:.6rem .9rem;border-left:.25rem solid var(--accent);background:var(--card)}
.ok{color:var(--good)}.checks li.ok{color:inherit}
.bad{color:var(--bad)}.checks li.bad{color:inherit}
.problem{color:var(--bad);font-weight:600}
.banner{padding:.7rem 1rem;border:1px solid var(--bad);border-left-width:.3rem;border-radius:.25rem}
.banner p{margin:0}.banner ul{margin:.25rem 0 0;font-weight:400}
.quiet{color:var(--soft);font-size:.925rem}
.solved{font-weight:650}
.solution{margin-top:.8rem}summary{color:var(--accent);cursor:pointer}
pre{margin:.5rem 0 0;padding:.8rem 1rem;background:var(--card);border:1px solid var(--rule);border-radius:.3rem;overflow-x:auto;font-size:.875rem}
code,pre{font-family:var(--mono)}code{font-size:.92em}pre code{font-size:1em}
.quiz{padding-left:1.3rem}.quiz>li{margin:1.4rem 0}.quiz li::marker{color:var(--accent);font-weight:650}
.quiz fieldset{margin:0;padding:0;border:0}
.quiz legend{padding:0;max-width:62ch;font-weight:600}
.answers{display:block;margin:.4rem 0 .6rem}
.answers label{display:flex;gap:.55rem;align-items:baseline;padding:.15rem 0}
.answer-number{display:block;margin:.4rem 0 .6rem}
.answer-number input{width:9rem}
.quiz p{margin:.5rem 0 0}
.foot{margin-top:3.5rem;padding-top:1.25rem;border-top:1px solid var(--rule)}
.turn{display:flex;justify-content:space-between;gap:1rem}
.turn a{color:var(--accent);text-decoration:none;font:600 1.1rem/1.3 var(--serif)}
.turn a[rel=next]{text-align:right}
.turn a span{display:block;font:400 .85rem/1.4 var(--sans);color:var(--soft)}
.keep{margin:1.5rem 0 0;font-size:.875rem;color:var(--soft)}
a{color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:3px}
:host([present]){--rem:1.32rem}
:host([present]) :is(.chart,.plane) svg{font-size:16px}
:host([present]) .lab{max-width:min(60rem,96vw)}
.tools{display:flex;gap:.75rem;margin:0;font-size:.9rem}.tools a{color:var(--accent)}
.hide-panel{margin-top:1rem;font-size:.9rem}
.sheet .asked>li{margin:1rem 0;break-inside:avoid}.sheet .asked p{margin:0;max-width:66ch}
.boxes{margin:.3rem 0;padding:0;list-style:none}.boxes li::before{content:"☐ "}
.blank span,.name-line span{display:inline-block;min-width:12rem;border-bottom:1px solid var(--ink)}
.blank{margin-top:1.2rem!important}
.sheet .task{margin-top:1rem}.sheet .eyebrow{margin:1rem 0 0}
.answer-key h3{margin:1.5rem 0 .4rem;font:600 1.1rem/1.3 var(--serif)}
@media (max-width:30rem){.stage-card{margin-inline:-.5rem}th,td{padding:.3rem .4rem}.position{flex-basis:100%}}
@media print{:host{background:#fff;font-size:10.5pt}.lab{max-width:none;padding:0}.bar,.transport,.controls,.exports,.share,.actions,.foot,.handle,.no-print,.hide-panel,.code-frame,.quiz button{display:none}.stage-card{border:0;padding:0}section,.stage-card,.quiz>li,pre{break-inside:avoid}.answer-key{break-before:page;break-inside:auto}h2,h3{break-after:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;

/** In presenter mode the unit of all lengths grows; queries of the page's width have none. */
const scaled = sheet.replace(/^(?!@media \(max-width).*$/gm, (line) =>
  line.replace(/(?<!--rem:[\d.]*)(-?\d*\.?\d+)rem/g, 'calc($1*var(--rem))'),
);

/** The style sheet of the element. */
export const styles = unsafeCSS(scaled);
