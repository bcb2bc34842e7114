"""What a command line ends with."""

FINE, FAILED = 0, 1
"""Done, with warnings or without; could not do its work. Wrong usage is click's own, 2."""
STOPPED = 128
"""Plus the number of the signal: what a shell says of a program that Ctrl-C or `kill` ended."""
