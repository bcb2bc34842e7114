"""`python -m retail`, and the command `retail`."""

from __future__ import annotations

import sys

from retail.commands import main

if __name__ == "__main__":
    sys.exit(main())
