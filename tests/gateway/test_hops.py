"""What a server's answer says of the mail."""

from __future__ import annotations

import pytest

from mailsec.gateway.hops import may_refuse_content


@pytest.mark.parametrize(
    "code, enhanced, expected",
    [
        (552, "5.7.0", True),  # a large provider's answer to encrypted archives
        (554, "5.7.1", True),
        (554, "", True),
        (550, "5.6.1", True),  # media not supported
        (552, "5.2.2", False),  # mailbox full
        (552, "5.3.4", False),  # too big
        (554, "5.1.1", False),  # no such address
        (554, "5.4.6", False),  # loop
        (553, "5.6.7", False),  # the address is not in ASCII
        (550, "5.7.1", False),
        (450, "4.6.1", False),
        (0, "4.4.1", False),
    ],
)
def test_a_refusal_of_what_is_in_the_mail_is_told_from_others(
    code: int, enhanced: str, expected: bool
) -> None:
    """By the code where the server says no more, else by the RFC 3463 status."""
    assert may_refuse_content(code, enhanced) is expected
