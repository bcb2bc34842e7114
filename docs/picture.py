"""Take the pictures of the documentation: of a report (`make picture`), or of a dashboard.

It needs Chromium. For the dashboard, while `make dashboard` runs:
`.venv/bin/python docs/picture.py "http://localhost:8501/?incident=ID"`
"""

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


def dashboard(address: str, folder: Path) -> None:
    """Take a picture of a dashboard that is running."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(address)
        page.get_by_text("Download as CSV").wait_for()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=folder / "dashboard.png")
        browser.close()


if __name__ == "__main__":
    folder = Path(__file__).parent
    if sys.argv[1].startswith("http"):
        dashboard(sys.argv[1], folder)
    else:
        main(Path(sys.argv[1]), folder)
