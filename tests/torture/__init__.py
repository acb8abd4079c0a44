"""A study's run, disturbed in every way we can think of; after each the next run must end as an undisturbed one does."""
