"""`metaimt codes`."""

from __future__ import annotations

from metaimt.cli.folder import Cases, folder_of
from metaimt.cli.output import told
from metaimt.files import for_terminal


@told
def codes(folder: Cases = None) -> None:
    """Print the codes of genes, drugs and tumours of the vocabulary, as Markdown: where each was read; who has none."""
    from metaimt.casefiles.library import read_library
    from metaimt.report.codes_text import codes_markdown
    from metaimt.vocabulary import built_in

    cases = folder_of(folder)
    vocabulary, review = (read_library(cases).vocabulary, cases.as_posix()) if cases.is_dir() else (built_in(), "")
    for line in codes_markdown(vocabulary, review).splitlines():
        print(for_terminal(line))
