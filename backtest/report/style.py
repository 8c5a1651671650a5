"""The style sheet of the page: light or dark as the reader's device, one column on a phone."""

STYLE = """
:root{--ink:#1b2430;--soft:#5b6675;--rule:#dde2e8;--paper:#fff;--card:#f5f7f9;--main:#1f5fa8;
--band:#1f5fa81f;--range:#1f5fa855;--fall:#a8452c;--buy:#1f7a4d;--sell:#b3402a}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaef;--soft:#9aa5b3;--rule:#2c343f;--paper:#12171d;
--card:#1a2129;--main:#6fb0f5;--band:#6fb0f526;--range:#6fb0f566;--fall:#e58a6e;--buy:#57c08a;--sell:#ee8069}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:980px;margin:0 auto;padding:20px 16px 48px}
h1{font-size:1.7rem;margin:.2em 0}h2{font-size:1.15rem;margin:2em 0 .4em}
.lead,.note,.key{color:var(--soft)}.lead{margin:.2em 0 1.2em}.note,.key{font-size:.85rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px}
.tiles div{background:var(--card);border-radius:8px;padding:10px 12px}
.tiles b{display:block;font-size:1.15rem;font-variant-numeric:tabular-nums}
.tiles span{color:var(--soft);font-size:.82rem}
figure{margin:22px 0 0}figcaption{font-weight:600;font-size:.92rem;margin-bottom:6px}
.box{display:flex}
.scale{flex:0 0 68px;display:flex;flex-direction:column;justify-content:space-between;
text-align:right;padding-right:8px;font-size:.75rem;line-height:1;color:var(--soft);
font-variant-numeric:tabular-nums;margin:-6px 0}
.plot{position:relative;flex:1}
svg{position:absolute;inset:0;width:100%;height:100%;overflow:visible}
svg *{vector-effect:non-scaling-stroke}
polyline{fill:none;stroke-width:1.5;stroke:var(--main);stroke-linejoin:round}
polyline.fall{stroke:var(--fall)}
.level{stroke:var(--rule);stroke-width:1}.band{fill:var(--band)}
polyline.target{stroke:var(--range);stroke-dasharray:5 3}rect.bar{fill:var(--main)}
.years{position:relative;height:20px;margin-left:68px;font-size:.75rem;color:var(--soft)}
.years span{position:absolute;top:4px}
.mark{position:absolute;width:7px;height:7px;margin:-3.5px 0 0 -3.5px;border-radius:50%;opacity:.85}
.minor{width:4px;height:4px;margin:-2px 0 0 -2px;opacity:.5}
.buy{background:var(--buy)}.sell{background:var(--sell)}
.key .mark{position:static;display:inline-block;margin:0 4px 0 12px}
.swatch{display:inline-block;width:18px;height:10px;margin-right:4px;background:var(--band)}
.small{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:0 28px}
.wide{overflow-x:auto}.wide td{min-width:64px}
table{border-collapse:collapse;width:100%;font-size:.86rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:5px 10px 5px 0;border-bottom:1px solid var(--rule);vertical-align:top}
th{font-weight:600;color:var(--soft)}.figures th{width:40%;font-weight:400}
td:first-child{white-space:nowrap}.figures td{white-space:normal}
.banner{border-left:4px solid var(--fall);background:var(--card);padding:8px 12px;border-radius:4px;
font-size:.9rem}
h3{font-size:.92rem;margin:1.2em 0 .2em}td small{display:block;color:var(--soft);font-size:.74rem;
white-space:nowrap}
.sticky th:first-child{position:sticky;left:0;background:var(--paper);min-width:110px;max-width:200px;
z-index:1}
.words td{white-space:normal;min-width:120px}.words td:first-child{white-space:normal}
.strip{display:flex;gap:12px;align-items:center;font-size:.84rem;margin:3px 0}
.strip>span{flex:0 0 34%;overflow-wrap:anywhere;line-height:1.2}
.track{position:relative;flex:1;height:18px;background:var(--card);border-radius:4px;margin:0 5px}
.track .range{position:absolute;top:5px;height:8px;background:var(--range);border-radius:4px}
.track .median{position:absolute;top:2px;width:2px;height:14px;background:var(--main)}
.ends{flex:1;display:flex;justify-content:space-between;font-size:.74rem;color:var(--soft);margin:0 5px}
.mark.main{background:var(--ink);width:8px;height:8px;margin:-4px 0 0 -4px}
.key .mark.main{margin:0 4px 0 12px}
.swatch.range{background:var(--range)}.swatch.median{background:var(--main);width:2px;height:14px;
margin:0 6px 0 12px;vertical-align:middle;display:inline-block}
details{border-top:1px solid var(--rule);padding:10px 0}summary{cursor:pointer;font-weight:600}
@media print{body{font-size:12px}section{break-inside:avoid}}
"""
