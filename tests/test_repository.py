"""Facts about the tree that every change must keep."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Put together from pieces, so that this file does not hold what it looks for.
REGISTRY_HOSTS = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry.npm" + "js.org",
    "deb.debian" + ".org",
    "registry.yarn" + "pkg.com",
)
MACHINE_PATHS = re.compile("/" + r"(root|home/[a-z]+|Users/[a-z]+)/")
LONGEST_FILE = 500


def tracked(*patterns: str) -> list[Path]:
    """The files that git keeps; the test skips outside a git checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_names_a_package_registry() -> None:
    """A clone must install from whatever index its machine is set up for."""
    found = [
        (relative(path), host)
        for path in tracked()
        for host in REGISTRY_HOSTS
        if host.encode() in path.read_bytes()
    ]
    assert found == []


def test_no_lock_file_holds_an_address() -> None:
    """The locks hold names, versions and hashes only."""
    locks = tracked("requirements*.txt")
    assert [relative(path) for path in locks if "://" in path.read_text()] == []


def test_every_locked_package_has_a_hash() -> None:
    """pip must refuse a package that was exchanged on its way."""
    for path in tracked("requirements*.txt"):
        logical = path.read_text().replace("\\\n", " ").splitlines()
        pinned = [line for line in logical if "==" in line and not line.lstrip().startswith("#")]
        assert pinned
        assert [line for line in pinned if "--hash=sha256:" not in line] == []


def test_no_source_file_holds_a_path_of_one_machine() -> None:
    """Paths of a developer's machine work nowhere else."""
    found = [
        relative(path)
        for path in tracked("*.py", "*.toml", "*.md", "Makefile", ".ci/*")
        if path != Path(__file__) and MACHINE_PATHS.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_no_python_file_is_too_long() -> None:
    """One idea a file: above this length it holds two."""
    lengths = {relative(path): path.read_bytes().count(b"\n") for path in tracked("*.py")}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_system_check_ids_are_unique() -> None:
    """An operator looks a check up by its id, so one id may mean one thing only."""
    ids = Counter(
        found
        for path in tracked("*checks.py")
        for found in re.findall(r"\bid=[\"']([a-z_]+\.[EWI]\d{3})[\"']", path.read_text())
    )
    assert [name for name, count in ids.items() if count > 1] == []


def test_every_make_target_has_a_help_text() -> None:
    """`make` alone lists what there is to run."""
    text = (ROOT / "Makefile").read_text()
    public = {"demo", "demo-once", "test", "check", "bench", "lock", "clean", "help"}
    helped = set(re.findall(r"^([a-z-]+):.*## \S", text, re.MULTILINE))
    assert public <= helped


def test_every_direct_dependency_has_its_reason() -> None:
    """docs/decisions/0002 names every line of requirements*.in."""
    reasons = (ROOT / "docs/decisions/0002-dependencies.md").read_text().lower()
    for path in tracked("requirements*.in"):
        for line in path.read_text().splitlines():
            name = re.match(r"[A-Za-z0-9-]+", line)
            if name and not line.startswith("-"):
                assert name[0].lower() in reasons, name[0]


def test_every_setting_stands_in_the_example_environment() -> None:
    """An operator learns of every setting from .env.example, and only of real ones."""
    read = {
        name
        for path in tracked("mailsec/settings/*.py")
        for name in re.findall(r"env\.[a-z]+\(\s*\"([A-Z_]+)\"", path.read_text())
    }
    example = (ROOT / ".env.example").read_text()
    shown = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)) - {"DJANGO_SETTINGS_MODULE"}
    assert shown == read
