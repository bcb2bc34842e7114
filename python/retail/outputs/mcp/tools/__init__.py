"""The tools, one file each: what is answered, and how it is read."""
