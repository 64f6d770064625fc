"""What a review says, section by section, before anybody prints or draws it: all say the same."""
