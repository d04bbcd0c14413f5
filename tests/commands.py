"""Several shell commands in one process: a JSON list of argument lists in, their outputs out."""

from __future__ import annotations

import io
import json
import sys


def main() -> None:
    """Run each through Django's own command line, one after the other; the first error ends it."""
    import django
    from django.core.management import call_command

    django.setup()
    outputs = []
    for name, *arguments in json.load(sys.stdin):
        out = io.StringIO()
        call_command(name, *arguments, stdout=out)
        outputs.append(out.getvalue())
    json.dump(outputs, sys.stdout)


if __name__ == "__main__":
    main()
