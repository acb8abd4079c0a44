"""Clear what a run left that was cut off."""

from __future__ import annotations

from rejsens.commands._pipeline import (
    Study,
    clear_leftovers,
    in_folder,
    refuse_beside_another_run,
    refuse_links,
    say,
    stop_at_more_words,
    study_and_rest,
)
from rejsens.problems import counted


def unlock(study: Study = None) -> None:
    """Free a study that a cut-off run left locked (after a power cut, say). Finished results stay.

    `rejsens run` does this by itself; it is for those who work with Snakemake, too.
    """
    folder, words = study_and_rest(study, None)
    stop_at_more_words(words)
    with in_folder(folder):
        refuse_links()
        refuse_beside_another_run()
        left = clear_leftovers()
    what = f"Cleared {counted(len(left), 'leftover')} of a run that was cut off." if left else "Nothing was locked."
    print(f"{what} Next: {say('run', folder)}")
