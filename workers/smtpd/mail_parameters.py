"""Reads the parameters of MAIL: SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), AUTH."""

from __future__ import annotations

from dataclasses import dataclass

from workers.smtpd.replies import Refused

_MOST_DIGITS = 20  # RFC 1870 section 4


@dataclass(frozen=True, slots=True)
class MailParameters:
    """What the client said about the mail to come; ``size`` is 0 where it said nothing."""

    size: int = 0
    smtputf8: bool = False


_NONE = MailParameters()


def read_mail_parameters(text: str, *, extended: bool) -> MailParameters:
    """The parameters behind the path; raises Refused for one that was not announced."""
    words = text.split()
    if not words:
        return _NONE
    size, smtputf8, seen = 0, False, set()
    for word in words:
        name, _, value = word.upper().partition("=")
        known = extended and name not in seen
        seen.add(name)
        if known and name == "SIZE" and value.isascii() and value.isdigit():
            if len(value) > _MOST_DIGITS:
                raise Refused("501 5.5.4 Syntax error in the argument")
            size = int(value)
        elif known and name == "SMTPUTF8" and "=" not in word:
            smtputf8 = True
        elif known and (
            word.upper() in ("BODY=7BIT", "BODY=8BITMIME") or (name, bool(value)) == ("AUTH", True)
        ):
            continue  # Both leave the bytes as they are; AUTH= is heard and not trusted (RFC 4954).
        else:
            raise Refused("555 5.5.4 MAIL parameter not recognized")
    return MailParameters(size, smtputf8)
