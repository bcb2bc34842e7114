"""The report: finished tables in, one self-contained page out."""
