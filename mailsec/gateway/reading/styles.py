"""Which text of an HTML body its inline styles keep from the reader's eyes.

Style sheets are not applied. Where one could change what is seen, nothing is said to be hidden.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_HIDING = re.compile(
    r"""(?i)display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*[:=]\s*0?[.0\s;"']"""
    r"""|font(?:-size)?\s*:[^;"']{0,40}?\b0?[.]?[01](?:px|pt|em|rem|%)?\b|color|overflow\s*:\s*hidden"""
    r"""|(?:left|top|text-indent)\s*:\s*-\d{3}|<[a-z]+\s[^>]{0,200}?\bhidden\b"""
    r"""|transform\s*:\s*scale|clip(?:-path)?\s*:|/\*"""
)
_SHEET = re.compile(r"(?i)<style\b|<link\b[^>]{0,300}stylesheet")
_MEDIA = re.compile(r"(?i)@media")
_RULE = re.compile(
    r"(?:^|;)\s*(display|visibility|color|opacity|overflow|(?:max-)?(?:height|width)|left|top|"
    r"text-indent|margin-(?:left|top)|transform|clip(?:-path)?|font(?:-size)?"
    r"|background(?:-color|-image)?)\s*:([^;]*)"
)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_SIZE = re.compile(r"(\d*\.?\d+)\s*(px|pt|em|rem|%|)")
_HEX = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{3})\b")
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*(?:,\s*([\d.]+)\s*)?\)")
_NAMED = {"white": (255, 255, 255), "black": (0, 0, 0)}
_OFF_SCREEN = re.compile(r"-\d{3,}(?:\.\d+)?(?:px|r?em|pt|vw|vh|cm|mm|in|%)?")
# Smaller margins lay a text over a picture.
_FAR_OFF = re.compile(r"-\d{4,}(?:\.\d+)?(?:px|pt)?")
_NOTHING_LEFT = re.compile(
    r"scale(?:3d|x|y)?\(\s*0(?:\.0\d*)?\s*[,)].*|inset\(\s*(?:100|[5-9]\d)%.*"
    r"|rect\((?:\s*[01](?:px)?\s*,?){4}\)|circle\(\s*0.*"
)
_ATTRIBUTES = frozenset(("style", "hidden", "bgcolor", "color", "class", "background", "id"))
_LONGEST_STYLE = 2_000
_ALIKE = 8  # of 255: two colours nearer than this in each channel look the same

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Look:
    """How text appears at one place; None is a colour that cannot be told.

    ``way`` is how text is hidden here, empty where it can be seen.
    """

    gone: str = ""
    tiny: bool = False
    colour: Colour | None = None
    background: Colour | None = None
    way: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        way = self.gone or ("tiny" if self.tiny else "")
        if not way and self.colour is not None and self.background is not None:
            pairs = zip(self.colour, self.background, strict=True)
            way = "same-colour" if all(abs(a - b) <= _ALIKE for a, b in pairs) else ""
        object.__setattr__(self, "way", way)


class Sheet:
    """What one HTML body can hide."""

    def __init__(self, source: str) -> None:
        self.hides = _HIDING.search(source) is not None
        self._sheet = self.hides and _SHEET.search(source) is not None
        # Another layout for small screens shows what this one hides, and hides what it shows.
        self._layouts = self._sheet and _MEDIA.search(source) is not None
        self.start = Look(background=None if self._sheet else _NAMED["white"])
        # A body repeats a few styles hundreds of times. Each look is kept, so its id is its own.
        self._known: dict[tuple[int | str | bool | None, ...], Look] = {}
        self._kept = [self.start]

    def inherited(self, look: Look, attributes: Mapping[str, str | None]) -> Look:
        """The look inside an element with these attributes, where it is ``look`` around it."""
        if _ATTRIBUTES.isdisjoint(attributes):
            return look
        style = attributes.get("style")
        key = (
            id(look),
            style,
            attributes.get("bgcolor"),
            attributes.get("color"),
            "hidden" in attributes,
            "class" in attributes or "id" in attributes,
            "background" in attributes,
        )
        known = self._known.get(key)
        if known is None:
            known = self._inherited(look, _rules(style or ""), attributes)
            self._known[key] = known
            self._kept.append(known)
        return known

    def _inherited(
        self, look: Look, rules: Mapping[str, str], attributes: Mapping[str, str | None]
    ) -> Look:
        classed = self._sheet and ("class" in attributes or "id" in attributes)
        gone = look.gone
        if not gone and not (classed and self._layouts):
            gone = "not-displayed" if "hidden" in attributes else _gone(rules)
        size = rules.get("font-size") or rules.get("font", "")
        tiny = _is_tiny(size) if size else look.tiny and not classed
        colour = _colour(rules.get("color") or attributes.get("color") or "")
        own, background = _background(rules, attributes)
        changed = Look(
            gone,
            tiny,
            colour or (None if classed else look.colour),
            background if own else None if classed else look.background,
        )
        return look if changed == look else changed


def _rules(style: str) -> dict[str, str]:
    found = _RULE.findall(_COMMENT.sub("", style[:_LONGEST_STYLE]).lower())
    return {name: value.replace("!important", "").strip() for name, value in found}


def _gone(rules: Mapping[str, str]) -> str:
    if rules.get("display") == "none":
        return "not-displayed"
    if rules.get("visibility") in ("hidden", "collapse"):
        return "invisible"
    if rules.get("color") == "transparent":
        return "transparent"
    if "opacity" in rules and _number(rules["opacity"]) < 0.05:
        return "transparent"
    if rules.get("overflow") == "hidden" and any(
        name in rules and _number(rules[name]) <= 1 and not rules[name].endswith(("em", "%"))
        for name in ("max-height", "height", "max-width", "width")
    ):
        return "clipped"
    if any(_NOTHING_LEFT.match(rules.get(name, "")) for name in ("transform", "clip", "clip-path")):
        return "clipped"
    if any(_OFF_SCREEN.fullmatch(rules.get(name, "")) for name in ("left", "top", "text-indent")):
        return "off-screen"
    if any(_FAR_OFF.fullmatch(rules.get(name, "")) for name in ("margin-left", "margin-top")):
        return "off-screen"
    return ""


def _number(value: str) -> float:
    match = _SIZE.match(value)
    return float(match[1]) if match else 100.0


def _is_tiny(size: str) -> bool:
    match = _SIZE.search(size)
    if match is None:
        return False
    value, unit = float(match[1]), match[2]
    return value <= {"em": 0.1, "rem": 0.1, "%": 10.0}.get(unit, 1.0)


def _colour(value: str) -> Colour | None:
    value = value.strip().lower()[:60]
    if value in _NAMED:
        return _NAMED[value]
    found = _HEX.search(value if value.startswith("#") or " " in value else f"#{value}")
    if found:
        digits = found[1] if len(found[1]) == 6 else "".join(sign * 2 for sign in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    rgb = _RGB.search(value)
    if rgb is None or (rgb[4] and _number(rgb[4]) < 1):
        return None
    return int(rgb[1]), int(rgb[2]), int(rgb[3])


def _background(
    rules: Mapping[str, str], attributes: Mapping[str, str | None]
) -> tuple[bool, Colour | None]:
    """Whether the element has a background of its own, and its colour where that can be told."""
    written = rules.get("background-color") or rules.get("background") or attributes.get("bgcolor")
    pictured = "background" in attributes or "background-image" in rules
    if pictured or (written and ("url(" in written or "gradient" in written)):
        return True, None
    if not written or written in ("transparent", "none", "inherit", "initial"):
        return False, None
    return True, _colour(written)
