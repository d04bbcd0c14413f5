"""The public attachments: nothing crashes, time and memory stay bounded, programs are found."""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsec.gateway.file_types import identify
from mailsec.gateway.jail.opener import Jail
from mailsec.gateway.unpack import Budget, Label, Limits

CORPORA = Path(os.environ.get("MAILSEC_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
PACK = CORPORA / "attachments-open.tar.xz"
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not PACK.exists(), reason="the public corpora are not beside this checkout"),
]
LIMITS = Limits(seconds=5)
# Kinds of containers that show their program to other programs, and not to this opener: each is
# marked as not examined, or is left to the analysers of documents. Reasons: decision record 11.
_LEFT = re.compile(
    r"\.(arj|binhex|szdd|sis|chm|impl\.zip|d64\.zip)$|emax\.tgz$"
    r"|\.(html|rtf|pdf|ppt|ole\.doc|webapp-export\.one)$"
)
_OPENED = 27


def files() -> Iterator[tuple[str, bytes]]:
    with tarfile.open(PACK) as pack:
        for member in pack:
            stream = pack.extractfile(member) if member.isfile() else None
            if stream is not None:
                yield member.name, stream.read()


def test_nothing_crashes_and_the_program_is_found_in_whatever_is_opened() -> None:
    """ClamAV's harmless program counts as found where its bytes come out as a program."""
    jail = Jail()
    missed, found = [], 0
    try:
        for path, content in files():
            budget = Budget(LIMITS)
            name = path.rpartition("/")[2]
            is_program = identify(content).kind == "exe"
            for member in jail(content, budget, Label(name)):
                is_program = is_program or identify(member.content, member.path).kind == "exe"
            assert budget.content_bytes <= LIMITS.content_bytes
            if "/clamav_hdb_scanfiles/clam" in path:
                found += is_program
                if not is_program:
                    missed.append(name)
    finally:
        jail.close()
    assert [name for name in missed if not _LEFT.search(name)] == []
    assert found >= _OPENED
