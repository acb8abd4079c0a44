"""How much one file may hold before it is refused unread: a study from somebody else cannot fill the memory of a computer.

Each is far above what a study needs: the longest declaration that ships has 38 kB, the widest wave of the tests 250
columns, and a wave of a million people and 150 items 300 MB.
"""

YAML_BYTES = 5_000_000  # of one file of settings, a sidecar, an instrument
YAML_DEPTH = 40  # groups within groups; the deepest that ships has 10
YAML_VALUES = 200_000  # values once every *reference is written out
LARGEST_NUMBER = 10**15  # in a file of settings; above it a number with a fraction is no longer exact

EXPORT_BYTES = 4 << 30  # of an export as it is stored
UNPACKED_BYTES = 2 << 30  # of an Excel workbook or a compressed SPSS file once it is unpacked
UNPACKED_RATIO = 200  # times the packed size; sheets of survey answers reach 20
UNPACKED_SMALL = 50_000_000  # bytes below which the ratio says nothing
PARTS = 5_000  # files inside one workbook
COLUMNS = 20_000  # of one export; Excel has 16,384
CELL_CHARACTERS = 5_000_000  # of one cell; a long answer has some thousands
NAME_CHARACTERS = 80  # of a wave, an instrument, a family, a figure: they become names of files
