"""``python -m mailsec.gateway.spam``."""

import sys

from mailsec.gateway.spam.command import main

sys.exit(main(sys.argv[1:]))
