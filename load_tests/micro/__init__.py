"""Measurements of single rooms, in one process and without HTTP; these may import the rooms."""
