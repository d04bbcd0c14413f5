"""The core stands alone."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import importlib, pkgutil, sys
import mailsec.gateway
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"django", "celery", "kombu", "redis", "psycopg", "demo"}:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
for found in pkgutil.walk_packages(mailsec.gateway.__path__, "mailsec.gateway."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
loaded = sorted(name for name in sys.modules if name == "mailsec.celery" or "settings" in name)
assert not loaded, loaded
"""


def test_every_module_of_the_core_loads_without_django_celery_or_a_database() -> None:
    """Whoever installs the core alone can read and edit mail."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
