"""One question of the review a module: how often, in whom. Results are frozen dataclasses, and data by `to_json`."""
