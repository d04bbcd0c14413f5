"""``python -m demo`` starts the whole service; ``--once`` ends with the samples' outcome."""

import sys

from demo.run import main

sys.exit(main(sys.argv[1:]))
