"""The commands: parse, one call, print, exit code. Each module holds one group of them."""
