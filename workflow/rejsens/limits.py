"""How much one file may hold before it is refused unread: a study from somebody else cannot fill the memory of a computer.

Each is far above what a study needs: the longest declaration that ships has 38 kB, the widest wave of the tests 250
columns, and a wave of a million people and 150 items 300 MB.
"""

YAML_BYTES = 5_000_000  # of one file of settings, a sidecar, an instrument
YAML_DEPTH = 40  # groups within groups; the deepest that ships has 10
YAML_VALUES = 200_000  # values once every *reference is written out
LARGEST_NUMBER = 10**15  # in a file of settings; above it a number with a fraction is no longer exact

EXPORT_BYTES = 4 << 30  # of an export as it is stored
UNPACKED_BYTES = 1 << 30  # of an Excel workbook once it is unpacked
UNPACKED_RATIO = 200  # times the packed size; sheets of survey answers reach 20
UNPACKED_SMALL = 20 << 20  # bytes below which the ratio says nothing
PARTS = 2_000  # files inside one workbook
ROWS = 1 << 20  # of a sheet, as in Excel itself
CELLS = 100_000_000  # of a workbook or an SPSS file, empty ones between the others included
COLUMNS = 10_000  # of one export
BESIDE_BYTES = 50 << 20  # of a platform's description of its questions, and of a review sheet
COLUMN_NAME = 5_000  # characters; a form may export the question as the name
CELL_CHARACTERS = 5_000_000  # of one cell; a long answer has some thousands
NAME_CHARACTERS = 80  # of a wave, an instrument, a family, a figure: they become names of files
