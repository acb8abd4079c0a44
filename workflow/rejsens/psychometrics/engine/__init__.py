"""The covariance and mean structure behind every factor, path and growth model here.

`table` writes a model down as rows; `moments` turns numbers into implied moments and their derivatives; `normal`
(maximum likelihood, with or without missing answers) and `ordered` (categories) say how far data are from them;
`minimise` closes the gap; `robust`, `indices`, `standardise` and `modification` say what the result is worth.
Numbers in, numbers out: nothing in this package knows of data frames with people in them, or of the study.
"""
