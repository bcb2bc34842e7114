"""Renamed; see retail/commands/renamed.py."""

from retail.commands.renamed import renamed

if __name__ == "__main__":
    raise SystemExit(renamed("alerts"))
