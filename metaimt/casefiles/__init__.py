"""Reading the review folder: strict YAML, the models of its files, the library that holds them all."""
