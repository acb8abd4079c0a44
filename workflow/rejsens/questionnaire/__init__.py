"""A questionnaire from instruments' files: one model (blocks, pages, questions), one module for each format it is written in."""
