"""Make ``.venv`` hold exactly what the lock files say: ``python3 bootstrap.py [--dev]``.

Standard library only, Python 3.11 or newer. A stamp in the environment remembers which locks it
holds, so that a second run costs nothing; a file lock keeps two runs apart; an environment that is
broken, half made or moved is made again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "mailsec-locks.json"
UNFINISHED = VENV / "mailsec-unfinished"
RUNTIME = ("requirements.txt", "requirements-embedded.txt")
DEVELOPMENT = (*RUNTIME, "requirements-dev.txt")


class BootstrapError(Exception):
    """The environment cannot be made; the text says why and what to do."""


def main() -> int:
    """Bring the environment up to date and say what takes time."""
    locks = DEVELOPMENT if "--dev" in sys.argv[1:] else RUNTIME
    (ROOT / "var").mkdir(exist_ok=True)
    try:
        with (ROOT / "var" / "bootstrap.lock").open("a") as lock:
            wait_for(lock.fileno())
            bring_up_to_date(locks)
    except BootstrapError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The next run starts afresh.", file=sys.stderr)
        return 130
    return 0


def wait_for(handle: int) -> None:
    """Take the lock, and say so where another run holds it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("Another run is preparing .venv; waiting for it.", flush=True)
        fcntl.flock(handle, fcntl.LOCK_EX)


def bring_up_to_date(locks: tuple[str, ...]) -> None:
    """Install the locks that the stamp does not name yet."""
    wanted = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in locks}
    held = held_locks()
    if held is None:
        create()
        held = {}
    if all(held.get(name) == digest for name, digest in wanted.items()):
        return
    # What is already held stays held: a run for the demo must not forget the tests' packages.
    names = [*locks, *(name for name in held if name not in wanted and (ROOT / name).exists())]
    install(names)
    digests = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in names}
    STAMP.write_text(json.dumps({"place": str(VENV), "locks": digests}, indent=1))


def held_locks() -> dict[str, str] | None:
    """What the environment holds; None where there is none that works."""
    if UNFINISHED.exists() or not works():
        return None
    try:
        stamp = json.loads(STAMP.read_text())
        moved = stamp["place"] != str(VENV)  # its scripts name the old place
        return None if moved else dict(stamp["locks"])
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError):
        return None


def works() -> bool:
    """True if the environment's Python runs, is new enough, and is this environment's own."""
    question = "import sys, pip; print(sys.version_info >= (3, 11), sys.prefix)"
    try:
        answer = subprocess.run(
            [str(PYTHON), "-I", "-c", question], capture_output=True, text=True, check=False
        )
    except OSError:
        return False
    return answer.stdout.strip() == f"True {VENV}"


def create() -> None:
    """Make the environment anew with the Python that runs this file."""
    if VENV.is_symlink():
        raise BootstrapError(f"{VENV} is a symbolic link; remove it and run again.")
    if VENV.exists():
        print("The old .venv does not work any more; making it again.", flush=True)
        shutil.rmtree(VENV)
    version = ".".join(str(part) for part in sys.version_info[:3])
    print(f"Making .venv with Python {version} ({sys.executable})", flush=True)
    done = run([sys.executable, "-I", "-m", "venv", str(VENV)])
    if done.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        raise BootstrapError(
            f"{done.stdout}\nThis Python cannot make virtual environments. On Debian and Ubuntu "
            "the package python3-venv is missing; or choose another Python: "
            "make PYTHON=/path/to/python"
        )


def install(names: list[str]) -> None:
    """Install the locks with their hashes; pip's words are shown only where it fails."""
    UNFINISHED.touch()
    command = [
        str(PYTHON),
        *("-I", "-m", "pip", "install", "--quiet", "--require-hashes"),
        *("--no-input", "--disable-pip-version-check", "--progress-bar", "off"),
        "--root-user-action=ignore",
    ]
    for name in names:
        command += ["-r", str(ROOT / name)]
    count = sum("==" in line for name in names for line in (ROOT / name).read_text().splitlines())
    print(f"Installing up to {count} packages from {', '.join(names)}", flush=True)
    began = time.monotonic()
    done = run(command)
    if done.returncode != 0:
        raise BootstrapError(f"{done.stdout}\npip could not install the locked packages.")
    UNFINISHED.unlink()
    print(f"Installed in {time.monotonic() - began:.0f} s", flush=True)


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command quietly; a dot every two seconds shows that it lives."""
    ended = threading.Event()
    dots = threading.Thread(target=show_life, args=(ended,), daemon=True)
    dots.start()
    try:
        return subprocess.run(
            command,
            cwd=ROOT,
            env={
                key: value for key, value in os.environ.items() if key != "PIP_REQUIRE_VIRTUALENV"
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    finally:
        ended.set()
        dots.join()


def show_life(ended: threading.Event) -> None:
    """Print dots until the work has ended."""
    shown = False
    while not ended.wait(2):
        print(".", end="", flush=True)
        shown = True
    if shown:
        print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
