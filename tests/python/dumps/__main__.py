"""`python -m dumps`: write golden dumps, compare two folders, check against the digests."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from dumps import compare, digests, tables
from dumps.digests import Golden
from dumps.shops import PROJECT, SHOPS, DumpError, build

INTO = PROJECT / "target" / "dumps"
SHOWN = 200
EXAMPLES = f"""\
examples:
  python -m dumps write                       build three shops, dump them, check the digests
  python -m dumps write --accept              the same, and note their digests: {digests.ACCEPT}
  python -m dumps write simulated --into old  one shop, into another folder
  python -m dumps of retail.duckdb --into x   dump a file that is there
  python -m dumps compare old new             table, key, column, old and new value
  python -m dumps check old                   names the tables that differ from the digests
"""


def main() -> int:
    """Do what was asked for; returns 1 where something differs or could not be done."""
    options = _parser().parse_args()
    try:
        return int(options.act(options))
    except DumpError as error:
        print(f"dumps: {error}", file=sys.stderr)
        return 1


def _write(options: argparse.Namespace) -> int:
    """Build, dump, and check or accept."""
    found: dict[str, Golden] = {}
    for shop in options.shops or SHOPS:
        with tempfile.TemporaryDirectory(prefix="dumps-") as folder:
            built = build(shop, Path(folder) / shop)
            tables.write(built.database, options.into / shop)
            found[shop] = Golden(
                digests.of_file(built.source), digests.of_folder(options.into / shop)
            )
        print(f"{shop}: {len(found[shop].tables)} tables in {options.into / shop}", flush=True)
    if options.accept:
        digests.accept(found)
        return 0
    known = digests.read()
    for shop, golden in found.items():
        if shop in known and golden.source != known[shop].source:
            print(f"{shop}: its raw data are not those that the digests were made of")
    return _judge({shop: golden.tables for shop, golden in found.items()})


def _of(options: argparse.Namespace) -> int:
    tables.write(options.database, options.into)
    return 0


def _compare(options: argparse.Namespace) -> int:
    """Print the first differences, and how many there are."""
    told = 0
    for line in compare.differences(options.old, options.new):
        told += 1
        if told <= options.most:
            print(line)
    print(f"{told:,} differences" if told else "no difference")
    return 1 if told else 0


def _check(options: argparse.Namespace) -> int:
    """Check a folder of shops."""
    there = {shop: options.folder / shop for shop in SHOPS if (options.folder / shop).is_dir()}
    if not there:
        raise DumpError(f"{options.folder} holds no dump of {', '.join(SHOPS)}")
    return _judge({shop: digests.of_folder(folder) for shop, folder in there.items()})


def _judge(found: dict[str, digests.Digests]) -> int:
    """Say where dumps differ from the committed digests."""
    known, differing = digests.read(), 0
    for shop, these in found.items():
        golden = known[shop].tables if shop in known else {}
        wrong = digests.differing(shop, these, golden)
        differing += len(wrong)
        print("\n".join([*wrong, *digests.last_digits(shop, these, golden)] or [f"{shop}: same"]))
    if differing:
        print(f"{differing} tables differ. Where that is meant: {digests.ACCEPT}")
    return 1 if differing else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dumps",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    write = actions.add_parser("write", help="build shops from scratch and dump them")
    write.add_argument("shops", nargs="*", choices=[*SHOPS, []], default=[], metavar="SHOP")
    write.add_argument("--into", type=Path, default=INTO, metavar="FOLDER")
    write.add_argument("--accept", action="store_true", help="note the digests as the right ones")
    write.set_defaults(act=_write)
    of = actions.add_parser("of", help="dump a file that is there")
    of.add_argument("database", type=Path)
    of.add_argument("--into", type=Path, required=True, metavar="FOLDER")
    of.set_defaults(act=_of)
    both = actions.add_parser("compare", help="compare two folders cell by cell")
    both.add_argument("old", type=Path)
    both.add_argument("new", type=Path)
    both.add_argument(
        "--most", type=int, default=SHOWN, help="lines to print (default: %(default)s)"
    )
    both.set_defaults(act=_compare)
    check = actions.add_parser("check", help="compare a folder with the committed digests")
    check.add_argument("folder", nargs="?", type=Path, default=INTO)
    check.set_defaults(act=_check)
    return parser


if __name__ == "__main__":
    sys.exit(main())
