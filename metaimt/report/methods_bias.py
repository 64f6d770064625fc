"""The methods paragraph on publication bias, from the settings that were used."""

from __future__ import annotations

from metaimt.analyses.publication_bias import MOST_UNDATED
from metaimt.analyses.results import Results
from metaimt.analyses.selectivity import S_RANGE
from metaimt.report.bias_note import LARGEST_HARMLESS
from metaimt.statistics.small_study import BEGG, FEWEST, HUNTER, PETERS, SMALLEST


def publication_bias_methods(results: Results) -> str:
    """Contrasts, curve, missing non-responders, the rule of the small-study diagnostics, and that of the note."""
    headline, *others = (group.label for group in results.response.pools.values())
    primary = others[-1] if others else headline
    low, high = S_RANGE
    return (
        f"Publication bias: case reports and series of each pool (primary: {primary}) against the prospective "
        f"trials of {headline}, then against its trials and cohorts: the model of the pools with a mean for each side "
        "and one rho; posterior odds ratio s with its equal-tailed interval. By maximum likelihood (Crowder, Appl Stat "
        "1978;27:34) with a profile interval it stands beside it for comparison with other programs. The same for "
        "what only the wider pool counts against the headline. Selectivity: if responders are s times as likely "
        f"to be published as non-responders, odds(true ORR) = odds(ORR of case reports) / s, for s from {low:g} "
        f"to {high:g}. Missing non-responders: the least N with r / (n + N) at most the target. Small-study "
        f"diagnostics are run on reports of {SMALLEST} patients or more, and only if there are {FEWEST}: Peters' "
        f"regression (JAMA 2006;295:676; {PETERS}), Begg's test (Biometrics 1994;50:1088; {BEGG}), {HUNTER} "
        "(Hunter et al., J Clin Epidemiol 2014;67:897). The trend with publication year is run where at most "
        f"{100 * MOST_UNDATED:g} % of the reports are undated. The note says of the interval of s that responders "
        "are over-represented where it lies above 1, and else that the data are too few where its upper limit "
        f"exceeds {LARGEST_HARMLESS:g}."
    )
