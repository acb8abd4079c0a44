"""The `rejsens` commands: one module each, holding one function of the command's name. `cli.py` lists them.

Heavy imports stand inside the functions: asking for help must not wait for pandas.
"""
