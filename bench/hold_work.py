"""The service's own work on held mail, in a process of its own: ``python -m bench.hold_work …``.

``links`` gives a link to each mail that waits, ``tell`` tells senders what was decided, ``fill N``
stores N held mails, and ``sweep N`` times the sweep with nothing due and with N mails due. Each
prints JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from bench.stack import TENANT, Stack
from demo.place import CHECKOUT


class WorkFailed(Exception):
    """The process ended; the text is its last words."""


def work(stack: Stack, action: str, number: int = 0) -> Any:
    """Do one of the actions with the stack's settings; what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.hold_work", action, str(number)],
        cwd=CHECKOUT,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise WorkFailed(done.stderr[-800:])
    return json.loads(done.stdout.splitlines()[-1])


def main(action: str, number: int) -> None:
    """Set Django up, and do it."""
    import django

    django.setup()
    # What has models can be imported from here on.
    from bench import hold_actions
    from tenants.selectors import ready_tenant

    print(json.dumps(hold_actions.ACTIONS[action](ready_tenant(TENANT), number)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
