"""Adding to the review: references from the formats of databases, new case files, the interview that fills them in."""
