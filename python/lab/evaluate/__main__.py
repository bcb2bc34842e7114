"""`python -m lab.evaluate`."""

from __future__ import annotations

import sys

from lab.evaluate.cli import evaluate_command
from retail.console.cli import call

if __name__ == "__main__":
    sys.exit(call(evaluate_command, "evaluate", sys.argv[1:]))
