"""Keep what the fuzzer found: `python tests/hostile/keep_seeds.py FOLDER`, with a folder of texts for each reader.

Of each reader the shortest texts that reached new lines go into seeds.zip, which `fuzz.py` begins with the next time
and `test_readers.py` reads at each run of the tests. They are no evidence: whatever stands in them is made up.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

SEEDS = Path(__file__).parent / "seeds.zip"
MOST, LONGEST = 150, 2_000  # texts of a reader, bytes of a text


def main() -> None:
    """Write seeds.zip anew."""
    with zipfile.ZipFile(SEEDS, "w", zipfile.ZIP_DEFLATED) as kept:
        for folder in sorted(Path(sys.argv[1]).iterdir()):
            contents = {path.read_bytes() for path in folder.iterdir()}
            short = sorted((each for each in contents if len(each) <= LONGEST), key=lambda each: (len(each), each))
            for k, content in enumerate(short[:MOST]):
                kept.writestr(zipfile.ZipInfo(f"{folder.name}/{k:03d}"), content, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
