"""Taking a new wave into a study: what the export's columns and answers mean, what must not come in, and what is written."""
