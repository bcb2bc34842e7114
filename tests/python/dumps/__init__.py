"""Golden dumps: every table of `marts` and `insights`, as text that compares.

`make dumps` builds three shops from scratch, writes their tables into `target/dumps`, and compares
them with the committed digests. Two folders of dumps are compared cell by cell with
`python -m dumps compare`.
"""
