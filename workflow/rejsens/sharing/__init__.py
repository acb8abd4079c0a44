"""A study's data to hand on: what goes into a package (`package.py`), and the formats in which it is written."""
