"""What everything else is made of: units, the reasons that keep them out, counts that know whom they count, text."""
