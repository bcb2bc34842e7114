"""`python -m lab.bench`."""

from __future__ import annotations

import sys

from lab.bench.cli import bench_command
from retail.console.cli import call

if __name__ == "__main__":
    sys.exit(call(bench_command, "bench", sys.argv[1:]))
