"""Raw survey waves about rejection in; validated answers, scores, psychometrics, tested hypotheses and a report out."""

__version__ = "0.1.0"
