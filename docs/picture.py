"""The README's pictures of a report: `make picture`, which wants Chromium."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

WIDTH, HEIGHT = 1280, 1160
PICTURES = {"report.png": "header", "report-kpis.png": "#kpis"}


def main(report: Path, folder: Path) -> None:
    """Take a picture of the page from each of some places on."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(report.absolute().as_uri())
        for name, place in PICTURES.items():
            top = page.locator(place).bounding_box() or {"y": 0.0}
            clip = {"x": 0.0, "y": top["y"], "width": float(WIDTH), "height": float(HEIGHT)}
            page.screenshot(path=folder / name, full_page=True, clip=clip)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).parent)
