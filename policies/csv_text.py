"""Files from spreadsheets as text."""

from __future__ import annotations

import codecs


def decoded(data: bytes) -> str | None:
    """UTF-8 or CP932 as text, None where it is neither.

    Excel in Japan saves CSV in CP932; text that is valid UTF-8 is never anything else by chance.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    for encoding in ("utf-8", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
