"""`python -m detect`: the same as `retail detect`."""

from __future__ import annotations

import sys

from retail.commands.detect import detect_command
from retail.console.cli import call

if __name__ == "__main__":
    sys.exit(call(detect_command, "detect", sys.argv[1:]))
