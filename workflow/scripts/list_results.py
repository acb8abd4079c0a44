from rejsens.job import job

with job(snakemake) as output:
    from pathlib import Path

    from rejsens.manifest import OF_PEOPLE, SHARED, listed_files, manifests

    told = manifests(listed_files(snakemake.params[0]["made"]))
    Path(output.shared).write_text(told[SHARED], encoding="utf-8")
    Path(output.of_people).write_text(told[OF_PEOPLE], encoding="utf-8")
