"""The core's face for the shell: ``python -m mailsec.gateway inspect|examine|edit``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Hand the arguments to the command that the first of them names."""
    parser = argparse.ArgumentParser(
        prog="python -m mailsec.gateway",
        description="Look at messages, or edit one, without a database.",
    )
    parser.add_argument("command", choices=("inspect", "examine", "edit"), help="what to do")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="see COMMAND --help")
    chosen = parser.parse_args(arguments)
    # Each command is loaded only where it is wanted.
    if chosen.command == "inspect":
        from mailsec.gateway import inspect

        return inspect.main(chosen.arguments)
    if chosen.command == "examine":
        from mailsec.gateway import examine

        return examine.main(chosen.arguments)
    from mailsec.gateway import edit

    return edit.main(chosen.arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
