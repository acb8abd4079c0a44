"""Writers of what is laid out as data: one module per format, and no format knows what a table is about."""
