"""From reports to units, and from units to pools by the protocol; every unit that is left out keeps its reasons."""
