"""How time and memory of every kind of job grow with people, waves, instruments and hypotheses: `make bench-scale`."""
