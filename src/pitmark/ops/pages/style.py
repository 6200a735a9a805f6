"""The look of every page: quiet greys, one accent, a dark stage around images."""

from __future__ import annotations

LIGHT = {
    "ground": "#f6f6f5",
    "panel": "#ffffff",
    "ink": "#24282c",
    "quiet": "#5d646b",
    "line": "#dfe2e4",
    "accent": "#1f63b5",
    "second": "#8a5a00",
    "warn": "#b4540a",
    "good": "#1a7444",
    "bad": "#b3261e",
    "hit": "31 99 181",
    "miss": "214 122 24",
}
DARK = {
    "ground": "#141618",
    "panel": "#1d2023",
    "ink": "#e7e9eb",
    "quiet": "#a2a9b0",
    "line": "#33383d",
    "accent": "#6fb1ff",
    "second": "#e0b25c",
    "warn": "#f5a05a",
    "good": "#6fcf97",
    "bad": "#ff8a80",
    "hit": "56 118 190",
    "miss": "176 98 24",
}

_RULES = """
.pitmark { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  font-variant-numeric: tabular-nums; color: var(--pm-ink); background: var(--pm-ground);
  text-align: left; -webkit-text-size-adjust: 100%; }
.pitmark *, .pitmark *::before { box-sizing: border-box; }
.pm-fragment { padding: 16px; border-radius: 8px; }
body.pitmark .pm-fragment, .pm-fragment .pm-fragment {
  padding: 0; border-radius: 0; background: none; }
body.pitmark { margin: 0; padding: 32px 24px 64px; }
body.pitmark > main, body.pitmark > header, body.pitmark > footer {
  max-width: 1280px; margin: 0 auto; }
.pitmark h1 { font-size: 28px; line-height: 1.2; font-weight: 600; letter-spacing: -0.01em;
  margin: 4px 0 8px; overflow-wrap: anywhere; }
.pitmark h2 { font-size: 19px; line-height: 1.3; font-weight: 600; margin: 40px 0 12px; }
.pitmark h3 { font-size: 15px; font-weight: 600; margin: 0 0 8px; }
.pitmark p { max-width: 72ch; margin: 0 0 12px; overflow-wrap: anywhere; }
.pitmark a { color: var(--pm-accent); }
.pitmark .pm-quiet { color: var(--pm-quiet); }
.pm-brand { color: var(--pm-quiet); font-size: 13px; letter-spacing: 0.04em; }
.pm-brand::before { content: ""; display: inline-block; width: 9px; height: 9px;
  border-radius: 50%; background: var(--pm-accent); margin-right: 8px; }
.pitmark nav { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 16px;
  padding: 12px 0; border: solid var(--pm-line); border-width: 1px 0;
  font-size: 14px; }
.pitmark nav a { text-decoration: none; }
.pitmark nav a:hover { text-decoration: underline; }
.pitmark a:focus-visible, .pitmark summary:focus-visible, .pm-scroll:focus-visible {
  outline: 2px solid var(--pm-accent); outline-offset: 2px; }
.pitmark .pm-lead { font-size: 17px; }
.pitmark .pm-verdict { font-size: 21px; line-height: 1.4; margin: 0 0 8px; }
.pm-row { display: flex; flex-wrap: wrap; gap: 16px; align-items: stretch; margin: 0 0 16px; }
.pm-panel { background: var(--pm-panel); border: 1px solid var(--pm-line); border-radius: 8px;
  padding: 16px 20px; flex: 1 1 300px; min-width: 0; }
.pm-panel p:last-child { margin-bottom: 0; }
.pm-figure { font-size: 34px; line-height: 1.15; font-weight: 600; letter-spacing: -0.02em; }
.pm-figure small { font-size: 14px; font-weight: 400; letter-spacing: 0;
  color: var(--pm-quiet); }
.pm-range { position: relative; height: 6px; border-radius: 3px; background: var(--pm-line);
  margin: 10px 0 12px; }
.pm-range span { position: absolute; top: 0; bottom: 0; border-radius: 3px; min-width: 3px;
  background: var(--pm-accent); opacity: 0.45; }
.pm-range b { position: absolute; top: -4px; width: 3px; height: 14px; margin-left: -1.5px;
  border-radius: 2px; background: var(--pm-accent); }
.pm-grid { display: grid; gap: 16px; margin: 0 0 16px;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 264px), 1fr)); }
.pm-wide { grid-template-columns: repeat(auto-fill, minmax(min(100%, 500px), 1fr)); }
.pm-card { background: var(--pm-panel); border: 1px solid var(--pm-line); border-radius: 8px;
  overflow: hidden; min-width: 0; break-inside: avoid; margin: 0; }
.pm-group { grid-column: 1 / -1; }
.pm-sides { display: flex; flex-wrap: wrap; gap: 8px 48px; margin: 8px 0; }
.pm-pairs { display: grid; gap: 8px; padding: 0 14px;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 380px), 1fr)); }
.pm-stage { background: #17191b; color: #c9ced3; display: flex; gap: 2px; }
.pm-stage figure { margin: 0; flex: 1 1 0; min-width: 0; }
.pm-shot { position: relative; aspect-ratio: 4 / 3; overflow: auto; }
.pm-shot img { position: absolute; left: 8px; top: 8px; width: calc(100% - 16px);
  height: calc(100% - 16px); object-fit: contain; margin: 0; }
.pm-shot span { display: block; padding: 16px; font-size: 13px; overflow-wrap: anywhere; }
.pm-stage figcaption { font-size: 12px; padding: 0 12px 8px; color: #b4bac0; }
.pm-text { padding: 10px 14px 12px; font-size: 14px; }
.pm-text p { margin: 0 0 6px; }
.pm-name { font-weight: 600; overflow-wrap: anywhere; }
.pm-small { font-size: 12.5px; color: var(--pm-quiet); overflow-wrap: anywhere; }
.pm-chips { display: flex; flex-wrap: wrap; gap: 4px; margin: 4px 0 6px; }
.pm-chip { font-size: 12px; line-height: 18px; padding: 0 7px; border-radius: 4px;
  max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.pm-said { background: #17191b; color: #fff; border: 1px dashed; line-height: 16px; }
.pm-kind { display: inline-block; font-size: 12.5px; font-weight: 600; padding: 1px 8px;
  border-radius: 4px; border: 1px solid var(--pm-line); margin-right: 8px; }
.pitmark code { font: 12.5px/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  background: var(--pm-ground); border: 1px solid var(--pm-line); border-radius: 4px;
  padding: 2px 6px; color: var(--pm-ink); overflow-wrap: anywhere; }
.pm-scroll { overflow-x: auto; margin: 0 0 16px; }
.pitmark table { border-collapse: collapse; font-size: 14px; margin: 0; width: auto;
  color: var(--pm-ink); background: none; }
.pitmark th, .pitmark td { padding: 6px 10px; text-align: right;
  border: 0; border-bottom: 1px solid var(--pm-line); background: none; }
.pitmark th:first-child, .pitmark td:first-child { text-align: left; }
.pitmark th { font-weight: 600; }
.pitmark thead th, .pitmark .pm-corner { color: var(--pm-quiet); font-weight: 400;
  font-size: 13px; vertical-align: bottom; }
.pitmark th { max-width: 220px; overflow-wrap: break-word; }
.pitmark td { white-space: nowrap; }
.pm-confusion td { min-width: 52px; }
.pm-confusion tbody td { border: 2px solid var(--pm-ground); border-radius: 4px;
  text-align: center; }
.pm-panel .pm-confusion tbody td { border-color: var(--pm-panel); }
.pm-confusion th { border: 0; }
.pm-confusion thead th { text-align: center; }
.pm-light { font-size: 12.5px; display: block; color: var(--pm-quiet); }
.pm-light::before { content: "○"; margin-right: 5px; font-weight: 600; }
.pm-acceptable { color: var(--pm-good); } .pm-acceptable::before { content: "●"; }
.pm-marginal { color: var(--pm-warn); } .pm-marginal::before { content: "◐"; }
.pm-unacceptable { color: var(--pm-bad); } .pm-unacceptable::before { content: "✕"; }
.pitmark .pm-none { color: var(--pm-quiet); }
.pm-charts { display: grid; gap: 16px; margin: 0 0 16px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); }
.pm-charts .pm-panel { break-inside: avoid; }
.pm-beside { display: flex; flex-wrap: wrap; gap: 16px; margin: 0 0 16px; }
.pm-beside .pm-panel:first-child { flex-basis: 620px; }
.pm-beside .pm-panel { flex-basis: 420px; }
.pm-fit { display: inline-block; max-width: 100%; }
.pitmark details { margin: 8px 0 16px; }
.pitmark summary { cursor: pointer; padding: 8px 0; color: var(--pm-quiet); }
.pitmark footer { margin-top: 48px; color: var(--pm-quiet); font-size: 13px; }
@media print {
  body.pitmark { padding: 0; }
  .pitmark nav { display: none; }
  .pm-card, .pm-panel, .pitmark tr { break-inside: avoid; }
  .pm-stage, .pm-chip, .pm-range, .pm-range *, .pm-confusion td { print-color-adjust: exact; }
  .pitmark h2 { break-after: avoid; }
}
"""


def _variables(colors: dict[str, str]) -> str:
    return " ".join(f"--pm-{name}: {value};" for name, value in colors.items())


STYLE = (
    f".pitmark {{ color-scheme: light dark; {_variables(LIGHT)} }}\n"
    f"@media screen and (prefers-color-scheme: dark) {{ .pitmark {{ {_variables(DARK)} }} }}"
    f"{_RULES}"
)
