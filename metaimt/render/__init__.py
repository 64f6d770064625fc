"""One walker a medium over the same content: the page, report.md, the Word document, the terminal."""
