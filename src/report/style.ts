/** The page's style sheet: one string, no fetch. Colours are variables with a light and a dark value each. */
import { DARK, HEAT_DARK, HEAT_LIGHT, LIGHT } from './palette.js';

function variables(name: string, colors: readonly string[], from: number): string {
  return colors.map((color, index) => `--${name}${index + from}:${color}`).join(';');
}

const light = `color-scheme:light;--bg:#f7f5f0;--card:#fffefb;--ink:#1d2026;--soft:#565c68;--rule:#ddd8cc;--accent:#0069a6;--bad:#a83f00;--good:#00694e;${variables('s', LIGHT, 1)};${variables('h', HEAT_LIGHT, 0)}`;
const dark = `color-scheme:dark;--bg:#121419;--card:#191c23;--ink:#eceae4;--soft:#a6acb8;--rule:#31363f;--accent:#5cb8f0;--bad:#ff9b61;--good:#4fd6a8;${variables('s', DARK, 1)};${variables('h', HEAT_DARK, 0)}`;

const text = `
:root{${light};--serif:"Iowan Old Style",Charter,"Bitstream Charter","Source Serif 4",Georgia,"Liberation Serif",serif;--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif;--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
@media screen and (prefers-color-scheme:dark){:root{${dark}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:1.0625rem/1.6 var(--sans);overflow-wrap:break-word}
header,main,footer{max-width:64rem;margin:0 auto;padding:0 clamp(1rem,4vw,2.5rem)}
header{padding-top:clamp(2rem,7vw,4.5rem)}
p,li,dd,figcaption,.summary{max-width:68ch;text-wrap:pretty}
.eyebrow{margin:0 0 .75rem;font:600 .8125rem/1.4 var(--sans);letter-spacing:.09em;text-transform:uppercase;color:var(--accent)}
h1{margin:0 0 1rem;max-width:25ch;font:600 clamp(2rem,6.2vw,3.4rem)/1.08 var(--serif);letter-spacing:-.015em;text-wrap:balance}
h2{margin:0 0 .75rem;font:600 clamp(1.4rem,3.4vw,1.8rem)/1.2 var(--serif);letter-spacing:-.01em;text-wrap:balance}
.lead{margin:0;font-size:clamp(1.1rem,2.4vw,1.28rem);line-height:1.55;color:var(--soft)}
section{margin-top:clamp(2.5rem,6vw,4rem)}
.verdict{padding:clamp(1.1rem,3vw,1.75rem) clamp(1.1rem,3.5vw,2rem);background:var(--card);border:1px solid var(--rule);border-left:.35rem solid var(--accent);border-radius:.25rem}
.verdict h2{margin:0 0 .35rem;font:600 .8125rem/1.4 var(--sans);letter-spacing:.09em;text-transform:uppercase;color:var(--accent)}
.verdict p{margin:0;font:500 clamp(1.2rem,3vw,1.55rem)/1.4 var(--serif);max-width:56ch}
figure{margin:1.75rem 0 0;padding:clamp(1rem,2.6vw,1.6rem);background:var(--card);border:1px solid var(--rule);border-radius:.4rem}
figure+figure{margin-top:1.25rem}
figcaption{color:var(--soft);font-size:.96875rem;line-height:1.5}
figcaption strong{display:block;margin-bottom:.15rem;color:var(--ink);font-size:1.03rem;font-weight:650}
.notice{margin:1.75rem 0 -1rem;padding:.7rem 1rem;border:1px solid var(--bad);border-left-width:.35rem;border-radius:.25rem;font-weight:600;color:var(--bad)}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;margin:.9rem 0 0;padding:0;list-style:none;font-size:.9rem;line-height:1.45}
.legend li{display:flex;align-items:center;gap:.5rem;min-width:0;max-width:100%}
.legend li>span{min-width:0;overflow-wrap:anywhere}
.legend svg{flex:none}
.note{color:var(--bad);font-weight:600}
.plot{margin:.9rem 0 0}
.plot svg{display:block;width:100%;height:auto;overflow:visible;color:var(--soft);font-family:var(--sans)}
.plot .narrow{display:none}
.panels{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:1.5rem 1.75rem}
.panel-title{margin:0 0 .25rem;font-weight:650;font-size:.9rem;overflow-wrap:anywhere}
.key{display:flex;flex-wrap:wrap;align-items:flex-start;gap:.25rem 1rem;margin-top:.75rem;font-size:.85rem;color:var(--soft)}
.bar{display:block;flex:1 1 14rem;max-width:24rem}
.ramp{display:flex;height:.8rem;border:1px solid var(--rule)}
.ramp i{flex:1}
.marks{display:flex;justify-content:space-between}
.summary{margin:.9rem 0 0;font-size:.9375rem;line-height:1.55;color:var(--soft)}
details{margin-top:.6rem;font-size:.9rem}
summary{display:inline-block;padding:.25rem 0;color:var(--accent);cursor:pointer}
summary::before{content:"+ "}
details[open] summary::before{content:"− "}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:.9375rem;font-variant-numeric:tabular-nums;line-height:1.4}
details table{font-size:.84rem}
th,td{padding:.5rem .9rem;border-bottom:1px solid var(--rule);text-align:right;vertical-align:baseline;white-space:nowrap}
th:first-child{padding-left:0;text-align:left;font-weight:500;color:var(--soft);white-space:normal}
thead th{font-weight:650;vertical-align:bottom}
.runs table{width:100%}
.runs thead :is(td,th){border-bottom:2px solid var(--ink)}
.runs thead span{display:block;font-size:.85rem;font-weight:600}
.runs tbody th{min-width:8rem}
.only-narrow{display:none}
.where{margin:1rem 0 -.4rem;font-size:.9rem;color:var(--soft)}
.plain{color:var(--soft)}
.ok{color:var(--good)}
.bad{color:var(--bad)}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(11.5rem,1fr));gap:0 2rem;margin:0}
dl div{display:flex;justify-content:space-between;gap:1rem;padding:.45rem 0;border-bottom:1px solid var(--rule);min-width:0}
dt{color:var(--soft)}
dd{margin:0;text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
code,pre{font-family:var(--mono);font-size:.9em}
pre{margin:.75rem 0 0;padding:1rem 1.1rem;background:var(--card);border:1px solid var(--rule);border-radius:.3rem;white-space:pre-wrap;overflow-wrap:anywhere;user-select:all}
pre span{display:inline-block;max-width:100%}
.contents{margin-top:clamp(2rem,5vw,3rem)}
.contents li{max-width:none}
.contents ol{margin:.25rem 0 .75rem;padding:0;list-style:none}
.contents>ol>li{margin-top:.75rem;font-weight:650}
.contents li li{display:flex;flex-wrap:wrap;gap:.1rem .75rem;padding:.3rem 0;border-bottom:1px solid var(--rule);font-weight:400;font-size:.95rem}
.contents li li>:last-child{margin-left:auto}
.card{margin-top:2.75rem;padding-top:1.5rem;border-top:1px solid var(--rule)}
.card h3{margin:0;font:600 1.15rem/1.3 var(--sans)}
.card blockquote{margin:.5rem 0;padding-left:1rem;border-left:.2rem solid var(--rule);font:500 1.2rem/1.4 var(--serif)}
.card blockquote p{margin:0}
.status{margin:.5rem 0;font-weight:650}
a{color:var(--accent)}
footer{margin-top:4rem;padding-top:1.25rem;padding-bottom:2.5rem;color:var(--soft);font-size:.9rem}
.skip{position:absolute;left:-999rem}
.skip:focus{left:1rem;top:1rem;padding:.5rem .8rem;background:var(--card);color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:3px}
@media (max-width:44rem){.plot .wide{display:none}.plot .narrow,.only-narrow{display:block}.panels{grid-template-columns:minmax(0,1fr)}figure{margin-left:-.35rem;margin-right:-.35rem;padding:.9rem .75rem}th,td{padding:.45rem .6rem}.runs table{font-size:.84rem}.runs :is(td,th){white-space:normal;min-width:6.6rem}.runs td{overflow-wrap:anywhere}.runs :is(td,th):first-child{min-width:4.6rem}}
@media print{@page{margin:16mm 14mm}body{background:#fff;font-size:10.5pt}header,main,footer{max-width:none;padding:0}header{padding-top:0}section{margin-top:1.6rem}.verdict,figure,pre{background:#fff;border-color:#bbb}figure,.verdict,.notice,tr,dl,pre,.again{break-inside:avoid}h2,figcaption,thead,section>p:has(+figure){break-after:avoid}tr:has(+tr:last-child){break-after:avoid}thead{display:table-header-group}.plot .wide{display:block}.plot .narrow{display:none}.panels{grid-template-columns:repeat(2,minmax(0,1fr))}details,.skip{display:none}figure,figure+figure{margin:.8rem 0 0;padding:.8rem 1rem}.plot svg{max-height:68mm}.plot .panel{max-height:52mm}figure:has(.ramp) .plot svg{max-height:96mm}footer{margin-top:1rem;padding-top:0;padding-bottom:0}section>p{break-inside:avoid}.summary,.key,.plot,.legend{margin-top:.5rem}.runs :is(td,th){white-space:normal;padding:.4rem .6rem}.scroll{overflow:visible}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}:root{--card:#fff}}
`;

/** The style sheet of every report. */
export const STYLE = text.trim();
