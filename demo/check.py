"""Everything that a change must pass besides its tests: ``make check``."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from demo.place import CHECKOUT
from demo.plan import certificate, signing_key

_PYTHON = (sys.executable, "-W", "ignore::RuntimeWarning")
_BIN = os.path.dirname(sys.executable)


@dataclass(frozen=True, slots=True)
class Step:
    """One command and what it shows."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


def production() -> dict[str, str]:
    """Enough to load the production settings; nothing is connected to."""
    folder = CHECKOUT / "var" / "check"
    folder.mkdir(parents=True, exist_ok=True)
    public, private = certificate(folder)
    return {
        "DJANGO_SETTINGS_MODULE": "mailsec.settings.production",
        "MAILSEC_SECRET_KEY": base64.b64encode(os.urandom(60)).decode(),
        "MAILSEC_MASTER_KEYS": "check:" + base64.b64encode(os.urandom(32)).decode(),
        "MAILSEC_BASE_DOMAIN": "mailsec.example.jp",
        "MAILSEC_MAIL_HOSTNAME": "mx.mailsec.example.jp",
        "MAILSEC_SIGNING_DOMAIN": "mailsec.example.jp",
        "MAILSEC_SIGNING_SELECTOR": "check",
        "MAILSEC_SIGNING_KEY": str(signing_key(folder)),
        "MAILSEC_SMTPD_TLS_CERTIFICATE": str(public),
        "MAILSEC_SMTPD_TLS_KEY": str(private),
        "DATABASE_URL": "postgresql://check@127.0.0.1:1/check",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }


def steps() -> list[Step]:
    """In the order in which a person wants to hear of faults."""
    manage = (*_PYTHON, "manage.py")
    facts = ("tests/test_repository.py", "tests/test_translations.py")
    return [
        Step("format", (f"{_BIN}/ruff", "format", "--check", "--quiet", ".")),
        Step("lint", (f"{_BIN}/ruff", "check", "--quiet", ".")),
        Step("types", (f"{_BIN}/mypy",)),
        Step("import contracts", (f"{_BIN}/lint-imports",)),
        Step(
            "deploy check",
            (*manage, "check", "--deploy", "--fail-level", "WARNING"),
            production(),
        ),
        Step("migrations", (*manage, "makemigrations", "--check", "--dry-run"), production()),
        Step("tree and translations", (sys.executable, "-m", "pytest", "-n", "0", *facts)),
    ]


def main() -> int:
    """Run all steps, whatever the earlier ones said; 1 where any failed."""
    failed = []
    for step in steps():
        began = time.monotonic()
        done = subprocess.run(
            step.command,
            cwd=CHECKOUT,
            env=os.environ | dict(step.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        word = "ok" if done.returncode == 0 else "FAILED"
        print(f"{word:<7} {step.name} ({time.monotonic() - began:.1f} s)", flush=True)
        if done.returncode:
            failed.append(step.name)
            print(done.stdout)
    if failed:
        print(f"Failed: {', '.join(failed)}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
