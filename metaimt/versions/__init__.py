"""Frozen states of a review: making one, comparing two states, and checking that a frozen one can be reproduced."""
