"""Texts with ``{name}`` in the place of values, as tenants write them for their notices.

Such a text is data in every way: nothing that a tenant or a sender writes is ever run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

VARIABLE = re.compile(r"\{([a-z_]{1,40})\}")


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its values, each put in once: what a value holds is never read again.

    A line of nothing but values that are all empty is left out with its label.
    """
    lines = [_line(line, values) for line in text.split("\n")]
    return "\n".join(line for line in lines if line is not None)


def _line(line: str, values: Mapping[str, str]) -> str | None:
    names = VARIABLE.findall(line)
    if names and not any(values.get(name) for name in names):
        return None
    return VARIABLE.sub(lambda found: values.get(found[1], found[0]), line)
