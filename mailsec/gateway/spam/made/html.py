"""HTML bodies as shops, services and mail programs write them; spam writes the same ones."""

from __future__ import annotations

import random
import re
from html import escape

_LINK = re.compile(r"https?://[!-~]+")


def page(text: str, chance: random.Random, code: str) -> str:
    """The text as one of several kinds of page, with its links made into anchors."""
    maker = chance.choice((_plain, _plain, _outlook, _table, _table, _card, _cells))
    written = maker(text, chance)
    return written.encode(code, "xmlcharrefreplace").decode(code)


def _anchor(line: str, chance: random.Random, style: str) -> str:
    """The line with its links as anchors; many pages show words instead of the address."""
    place = 0
    pieces = []
    for match in _LINK.finditer(line):
        address = escape(match[0])
        shown = chance.choice((address, "詳細はこちら", "View", "Open", "こちら", "Click here"))
        pieces += [escape(line[place : match.start()]), f'<a href="{address}"{style}>{shown}</a>']
        place = match.end()
    return "".join((*pieces, escape(line[place:])))


def _plain(text: str, chance: random.Random) -> str:
    lines = "<br>\n".join(_anchor(line, chance, "") for line in text.split("\n"))
    return f'<html><body><div dir="ltr">{lines}</div></body></html>'


def _outlook(text: str, chance: random.Random) -> str:
    style = "<style>p.MsoNormal {margin:0; font-size:10.5pt;}</style>"
    lines = "".join(
        f'<p class="MsoNormal"><span lang="EN-US">{_anchor(line, chance, "")}</span></p>'
        for line in text.split("\n")
    )
    return f"<html><head>{style}</head><body>{lines}</body></html>"


def _table(text: str, chance: random.Random) -> str:
    color = chance.choice(("#0066cc", "#333333", "#d9381e", "#008a5e"))
    style = f' style="color:#ffffff;background-color:{color};padding:10px 24px;"'
    rows = "".join(
        '<tr><td style="padding:8px 16px;font-family:sans-serif;">'
        f"{_anchor(line, chance, style)}</td></tr>"
        for line in text.split("\n")
    )
    return (
        "<!DOCTYPE html><html><head><style>td{font-size:14px}</style></head>"
        '<body style="background:#f4f4f4"><table width="600" align="center" bgcolor="#ffffff">'
        f"{_logo(chance)}{rows}</table>{_pixel(chance)}</body></html>"
    )


def _card(text: str, chance: random.Random) -> str:
    preheader = escape(_LINK.sub("", text[:40]))
    rows = "".join(f"<p>{_anchor(line, chance, ' class=button')}</p>" for line in text.split("\n"))
    return (
        "<!DOCTYPE html><html><head><meta name=viewport content='width=device-width'>"
        "<style>.button{border-radius:4px}</style></head><body>"
        f'<div style="display:none;max-height:0">{preheader}</div>'
        f'<div style="max-width:640px;margin:auto">{_logo(chance)}{rows}</div>'
        f"{_pixel(chance)}</body></html>"
    )


def _cells(text: str, chance: random.Random) -> str:
    lines = "".join(
        f'<font size="2" face="Arial">{_anchor(line, chance, "")}</font><br>'
        for line in text.split("\n")
    )
    return (
        f'<html><body bgcolor="#ffffff"><center><table border="0"><tr><td>{_logo(chance)}'
        f"</td></tr><tr><td>{lines}</td></tr></table></center></body></html>"
    )


def _logo(chance: random.Random) -> str:
    host = chance.choice(("img.example.com", "static.example.net", "www.example.jp"))
    return chance.choice(
        ("", f'<img src="https://{host}/logo.png" width="120" alt="logo">', '<img src="cid:logo">')
    )


def _pixel(chance: random.Random) -> str:
    return chance.choice(("", '<img src="https://t.example.com/o.gif" width="1" height="1">'))
