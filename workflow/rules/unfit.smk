"""Results that cannot stand are marked before Snakemake plans: it would take any file that is there for a good one.

Needs   .snakemake/rejsens/published/   what each job published and read, as content hashes
Makes   .snakemake/incomplete/          a mark for each file that was cut short, edited, swapped, or is of unknown origin
"""

from rejsens.unfit_results import mark

if workflow.is_main_process:
    mark(made_here=lambda file: any(rule.is_producer(file) for rule in workflow.rules))
