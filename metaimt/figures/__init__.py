"""Figures: each takes finished results or a table the caller may edit, and computes no statistic."""
