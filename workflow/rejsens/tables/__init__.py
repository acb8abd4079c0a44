"""Tables for print, one module each: the docstring is the title, TABLES names what it reads, `lay_out` makes the cells.

A module's `lay_out(*, TABLE..., study)` takes one DataFrame per name in TABLES and returns a `layout.PrintedTable`.
QUOTES, where a module has it, says what of its cells a study's spelling ("words") or style ("all") leaves as it is.
"""
