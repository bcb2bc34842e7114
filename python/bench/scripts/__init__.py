"""What the daily job is compared with, each as somebody would write it without this project.

Each is a program of its own: `python -m bench.scripts.NAME ORDERS OUT` reads the CSV files in the
folder ORDERS and writes the 15 KPIs at both grains to OUT, as `answers.py` wants them.
"""
