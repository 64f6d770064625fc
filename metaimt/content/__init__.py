"""What a review says, section by section, before anybody prints it: page, report and terminal print the same."""
