"""Every command that writes, on a disk that is full: it names the file, and what was there stays as it was.

The disk is a file system in memory of this test's own, in a mount namespace (`unshare`, Linux).
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import FROZEN, ROOT

NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
COMMANDS = (
    ("new --blank example-2026", "example-2026.yaml"),
    ("snapshot 2030.1", "2030.1.json.bz2"),
    ("build --jobs 1", "outputs"),
    ("figures forest", "forest.svg"),
    (f"cohort {ROOT}/examples/cohort/patients.csv --out cohort", "cohort"),
    ("cohort --draft patients.csv", "patients.mapping.yaml"),
    (f"pool {ROOT}/benchmarks/evidence31.csv --out forest.png", "forest.png"),
    ("migrate", "cases/local/you-2024.yaml"),  # the first that has former names of fields
)
# What is on the disk before, by names and digests, then the disk filled to its last byte, then the command.
SCRIPT = """
set -e
mount -t tmpfs -o size=4m none {disk}
cp -r {cases} {disk}/cases
cp {table} {disk}/patients.csv
cd {disk}
sed -i 's/^version: .*/version: "2030.1"/' cases/review.yaml
find . -type f -exec sha256sum {{}} + | sort > {before}
dd if=/dev/zero of=filled bs=1k 2> /dev/null || true
set +e
PYTHONPATH={root} PYTHONDONTWRITEBYTECODE=1 {python} -m metaimt {command} > {said} 2>&1
echo $? > {code}
rm filled
find . -type f -exec sha256sum {{}} + | sort > {after}
"""


def _may_mount(folder: Path) -> bool:
    return (
        shutil.which("unshare") is not None
        and subprocess.run(
            [*NAMESPACE, "mount", "-t", "tmpfs", "none", str(folder)], capture_output=True, check=False
        ).returncode
        == 0
    )


@pytest.mark.slow
@pytest.mark.parametrize(("command", "file"), COMMANDS, ids=[command.split()[0] for command, _ in COMMANDS])
def test_a_full_disk_names_the_file_and_loses_none(command: str, file: str, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if not _may_mount(disk):
        pytest.skip("no file system can be mounted here")
    names = {name: tmp_path / name for name in ("before", "after", "said", "code")}
    paths = {"disk": disk, "cases": FROZEN / "cases", "table": ROOT / "examples" / "cohort" / "patients.csv"}
    quoted = {name: shlex.quote(str(path)) for name, path in (names | paths).items()}
    script = SCRIPT.format(**quoted, root=shlex.quote(str(ROOT)), python=shlex.quote(sys.executable), command=command)
    subprocess.run([*NAMESPACE, "sh", "-c", script], check=True, timeout=300)
    said = names["said"].read_text(encoding="utf-8")
    assert names["code"].read_text() == "2\n", said
    assert f"{file}" in said and "No space left on device" in said
    assert "Traceback" not in said
    assert names["after"].read_text() == names["before"].read_text()
