"""What people read: words, tables and pages, made from results. Nothing is computed here."""
