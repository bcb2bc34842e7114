"""`python -m bench`."""

from console import start

if __name__ == "__main__":
    raise SystemExit(start("bench"))
