"""`python -m detect`: the same as `retail detect`."""

from __future__ import annotations

import sys

from retail.commands.renamed import detect

if __name__ == "__main__":
    sys.exit(detect(sys.argv[1:]))
