"""Both languages are complete: every text is in the catalogue, in Japanese, and compiled."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "locale" / "ja" / "LC_MESSAGES" / "django.po"
PACKAGES = "mailsec accounts tenants threats policies quarantine encryption reports workers".split()
# Which arguments of each function hold texts; the first of the pgettext kind is a context.
TEXTS = {
    "_": (0,),
    "gettext": (0,),
    "gettext_lazy": (0,),
    "ngettext": (0,),
    "pgettext": (1,),
    "pgettext_lazy": (1,),
}
_CALL = re.compile(
    r"""\b(?:gettext|ngettext|_)\(\s*(?P<text>u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")"""
)


def _texts_of_python() -> Iterator[tuple[Path, str]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    for position in TEXTS.get(node.func.id, ()):
                        argument = node.args[position] if position < len(node.args) else None
                        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                            yield path, argument.value


def _texts_of_templates() -> Iterator[tuple[Path, str]]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        code = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        for call in _CALL.finditer(code):
            yield path, ast.literal_eval(call["text"])


def test_every_text_of_the_source_is_in_the_catalogue() -> None:
    """One that is not shows English to a Japanese reader. ``makemessages`` adds it."""
    known = {entry.msgid for entry in polib.pofile(str(CATALOGUE)) if not entry.obsolete}
    used = {*_texts_of_python(), *_texts_of_templates()}
    assert len(used) > 200
    missing = [f"{path.relative_to(ROOT)}: {text}" for path, text in used if text not in known]
    assert not missing


def test_every_entry_has_a_japanese_text() -> None:
    """None is empty, fuzzy or left over, and placeholders are the same on both sides."""
    for entry in polib.pofile(str(CATALOGUE)):
        texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        assert texts, entry.msgid
        assert all(text.strip() for text in texts), entry.msgid
        assert not entry.fuzzy, entry.msgid
        assert not entry.obsolete, entry.msgid
        holes = re.findall(r"%\(\w+\)[sd]", entry.msgid)
        assert all(sorted(re.findall(r"%\(\w+\)[sd]", text)) == sorted(holes) for text in texts)


def test_the_compiled_catalogue_is_fresh() -> None:
    """It is committed, because a fresh machine has no compiler for it."""
    written = {
        (entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural)
        for entry in polib.pofile(str(CATALOGUE))
    }
    compiled = {
        (entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural)
        for entry in polib.mofile(str(CATALOGUE.with_suffix(".mo")))
    }
    assert compiled == written
