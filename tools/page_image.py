"""Draw docs/page.png, the first screen of the committed page, for the README.

    python tools/page_image.py    needs Chromium: apt-get install chromium

Run it after a change of the page or of the answer. Another Chromium draws other bytes, so no test compares them.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import ViewportSize, sync_playwright

ROOT = Path(__file__).parent.parent
PAGE, PICTURE = ROOT / "outputs" / "index.html", ROOT / "docs" / "page.png"
SIZE = ViewportSize(width=1200, height=760)
COLOURS = 64  # a page of text needs no more, and the file is a third of the size
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    """Draw it; the exit code."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("no Chromium is installed: apt-get install chromium", file=sys.stderr)
        return 1
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page(viewport=SIZE, color_scheme="light")
        page.goto(PAGE.as_uri())
        drawn = page.screenshot()
        chromium.close()
    with Image.open(io.BytesIO(drawn)) as image:
        image.convert("RGB").quantize(COLOURS).save(PICTURE, optimize=True)
    print(f"docs/page.png: written, {PICTURE.stat().st_size // 1024} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
