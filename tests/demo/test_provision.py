"""The demo's commands: no password stands among their arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo import provision
from demo.plan import TENANTS, Ports, Secrets
from demo.provision import Manage, Provisioning


def test_a_password_that_looks_like_an_option_reaches_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each goes in by standard input: in a list of arguments argparse refuses it."""
    program = tmp_path / "manage.py"
    program.write_text(
        "import json, pathlib, sys\n"
        "given = json.dumps([sys.argv[1:], sys.stdin.read()])\n"
        "pathlib.Path('calls').open('a').write(given + '\\n')\n"
        'print(\'{"secret": "x"}\')\n'
    )
    monkeypatch.setattr(provision, "CHECKOUT", tmp_path)
    monkeypatch.setattr(provision, "FOLDER", tmp_path)
    keys = Secrets(tmp_path)
    names = ("operator", *(f"admin-{tenant.slug}" for tenant in TENANTS))
    for name in names:
        keys.keep(name, f"-{name}-password")
    Provisioning(Manage({"PATH": ""}), keys, "").run(Ports(), lambda words: None)
    calls = (tmp_path / "calls").read_text()
    for name in names:
        assert calls.count(f'"-{name}-password"') == 1
        assert f'], "-{name}-password"]' in calls
