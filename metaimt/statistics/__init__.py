"""Pure statistics: arrays in, frozen dataclasses out. No YAML, no drug names, no pandas, no plotting."""
