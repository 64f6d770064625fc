"""The tables of the living review are described, see tests/report/test_dictionary.py."""

from conftest import ROOT
from described_tables import faults


def test_every_column_of_the_shipped_tables_is_described() -> None:
    assert faults(ROOT / "outputs") == []
