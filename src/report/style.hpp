/// The looks of the report, on screens of any size, light and dark, and on paper.
#pragma once

#include <string_view>

namespace grids::core {

inline constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--ink:#1c1c1a;--soft:#5d5d58;--rule:#dcdcd6;--paper:#fdfdfb;--blue:#0072b2;
  --card:#fff;--hover:#eef5fa;--warn:#fdf5e4;--bad:#fcebec;--bad-ink:#a50d26;--good:#e9f6f1}
@media screen and (prefers-color-scheme:dark){:root{--ink:#ececea;--soft:#aeaea9;--rule:#3c3d41;--paper:#16171a;
  --blue:#74b9ec;--card:#1f2024;--hover:#22303b;--warn:#2e2610;--bad:#38191d;--bad-ink:#ff9aa6;--good:#12291f}
  svg [stroke="#e4e4e0"],svg [stroke="#deded9"]{stroke:var(--rule)}
  svg [stroke="#1c1c1a"],svg [stroke="#1a1a1a"]{stroke:var(--ink)}
  svg [fill="#1c1c1a"]{fill:var(--ink)}svg [stroke="#ffffff"]{stroke:var(--paper)}
  svg rect[fill="#ffffff"],svg circle[fill="#ffffff"],svg path[fill="#ffffff"]{fill:var(--card)}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--paper);color:var(--ink);
  font:17px/1.55 Charter,"Bitstream Charter","Sitka Text",Cambria,Georgia,serif}
header,main,footer{max-width:1300px;margin:0 auto;padding:0 20px}
h1,h2,h3,h4,nav,table,dl,.legend,figcaption,.note,.missing,summary,svg,.mark,.cap,.big,footer,.box{
  font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
header{padding-top:26px;border-bottom:3px solid var(--ink);padding-bottom:12px}
.mark{margin:0;color:var(--blue);font-weight:650;letter-spacing:.04em;font-size:14px}
h1{font-size:clamp(24px,3.6vw,34px);line-height:1.15;margin:.15em 0 .4em;letter-spacing:-.015em}
h2{font-size:23px;line-height:1.25;margin:44px 0 14px;padding-top:12px;border-top:1px solid var(--rule);
  letter-spacing:-.01em}
section:first-child h2{border-top:0;margin-top:22px}
h3{font-size:17px;margin:30px 0 8px}
h4{font-size:17px;margin:0}
h4 small{font-weight:400;color:var(--soft)}
nav{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:14px}
a{color:var(--blue)}
p{max-width:72ch;margin:.6em 0}
:focus-visible{outline:3px solid var(--blue);outline-offset:2px}
code{font:.86em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.note,.missing{color:var(--soft);font-size:14px;line-height:1.45;max-width:96ch}
.missing{border-left:3px solid var(--rule);padding-left:12px}
.box{border-left:5px solid;padding:10px 18px;margin:18px 0;font-size:15.5px;line-height:1.5}
.box p{max-width:96ch}.box .verdicts{font-size:20px;line-height:1.35;margin:.2em 0}
.box ul{margin:.45em 0 0;padding-left:1.15em}.box li{margin:.3em 0;max-width:92ch}
.box details{border:0;padding:0}
.warn{border-color:#e69f00;background:var(--warn)}.bad{border-color:#c8102e;background:var(--bad)}
.bad .verdicts{color:var(--bad-ink)}.good{border-color:#009e73;background:var(--good)}
figure{margin:18px 0 22px}
figcaption{color:var(--soft);font-size:14px;line-height:1.45;max-width:86ch;margin-top:10px}
figcaption b{color:var(--ink)}
svg{display:block;max-width:100%;height:auto;font-size:11.5px;fill:var(--ink);overflow:visible}
svg .st{font-size:13px;font-weight:600}svg .sb{font-weight:700}svg .sv{font-size:10.5px}
.panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,320px),1fr));gap:18px 24px}
.panels.two{max-width:780px;grid-template-columns:repeat(auto-fit,minmax(min(100%,340px),1fr))}
.wide{overflow-x:auto}.wide svg{max-width:none}
.pair{display:flex;gap:12px}.pair svg{min-width:0;flex:0 1 auto}
.pair.wide{gap:34px;flex-wrap:wrap}
.maps{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,480px),1fr));gap:18px 28px}
.maps .pair>div{flex:1 1 0;min-width:0}.maps .pair svg{width:100%}.maps>div>svg{margin-top:6px}
.cap{margin:0 0 4px;font-size:13.5px;font-weight:600}
.beside{display:flex;flex-wrap:wrap;gap:14px 32px;align-items:center}
.beside>svg{flex:1 1 300px;max-width:400px;width:100%}
.legend{list-style:none;padding:0;margin:0;font-size:14.5px}
.legend li{margin:5px 0}.legend small{color:var(--soft)}
.legend span{display:inline-block;width:12px;height:12px;border-radius:50%;margin-right:8px}
.columns{display:flex;flex-wrap:wrap;gap:0 56px;align-items:flex-start}
.table{overflow-x:auto;margin:12px 0;  /* a shadow where more lies beyond an edge */
  background:linear-gradient(var(--paper),var(--paper)) left -2px top 0/14px 100% no-repeat local,
  linear-gradient(var(--paper),var(--paper)) right -2px top 0/14px 100% no-repeat local,
  linear-gradient(to right,#0003,transparent) left/10px 100% no-repeat scroll,
  linear-gradient(to left,#0003,transparent) right/10px 100% no-repeat scroll}
table{border-collapse:collapse;font-size:14px;line-height:1.35;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;border-bottom:2px solid var(--ink);padding:6px 14px 6px 0;
  vertical-align:bottom}
td{border-bottom:1px solid var(--rule);padding:5px 14px 5px 0;vertical-align:top}
.n{text-align:right;white-space:nowrap}th.n{white-space:normal}
details{border-top:1px solid var(--rule);padding:8px 0}
summary{cursor:pointer;font-size:15px;padding:3px 0}
.folded>details{padding:4px 0}.folded summary h2{display:inline;border:0;margin:0;padding:0;font-size:18px}
.folded [id$="-in"]{scroll-margin-top:60px}
section.folded{margin-top:0}:not(.folded)+section.folded{margin-top:48px}
.methods{border-left:3px solid var(--rule);padding:2px 0 2px 16px}.methods p{max-width:86ch;font-size:16px}
dl{font-size:14.5px;line-height:1.45;max-width:92ch}dt{font-weight:600;margin-top:8px}dd{margin:0}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,310px),1fr));gap:18px;
  margin:12px 0}
.card{--paper:var(--card);border:1px solid var(--rule);background:var(--card);padding:14px 16px 6px;min-width:0}
.stack .card{margin:14px 0}.stack .columns{gap:6px 40px}
.card details{border-top:0}.card summary{font-size:14px;color:var(--blue)}
.verdict{display:inline-block;border-radius:3px;padding:0 7px;color:#fff;font-size:12.5px;white-space:nowrap;
  line-height:1.55;font-family:system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}
.verdict.borne_out{background:#0072b2}.verdict.overstated{background:#3d93c4;color:#10181d}
.verdict.undecided{background:#6f6f6a}.verdict.not_judged{background:#94948e;color:#161614}
.verdict.contradicted{background:#c8102e}
.remark{color:var(--soft);font:13px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}td .remark{display:block;min-width:150px}
.key span{margin-right:4px}.key{white-space:nowrap;margin-right:14px}
.big{font-size:30px;font-weight:600;letter-spacing:-.02em;margin:.1em 0 .25em;line-height:1.1}
.big small{display:block;font-size:13.5px;font-weight:400;letter-spacing:0;color:var(--soft);
  margin-top:5px}
footer{color:var(--soft);font-size:13px;margin-top:60px;padding-top:14px;padding-bottom:40px;
  border-top:1px solid var(--rule)}
@media(max-width:600px){body{font-size:16px}nav{gap:6px 14px}header,main,footer{padding-left:16px;padding-right:16px}
  h2{margin-top:36px;font-size:20px}.box{padding:8px 14px}.box .verdicts{font-size:18px}}
@media print{nav{display:none}.verdict,.box,svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}body{font-size:11pt}.card,figure,tr{break-inside:avoid}
  header,main,footer{max-width:none}.table{overflow:visible}
  details::details-content{content-visibility:visible;display:block;height:auto}}
)css";

}  // namespace grids::core
