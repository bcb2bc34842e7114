"""`python -m simulate`."""

from console import start

if __name__ == "__main__":
    raise SystemExit(start("simulate"))
