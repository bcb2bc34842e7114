"""What the daily job is compared with, each as somebody would write it without this project.

Each is a program of its own: `python -m lab.bench.scripts.NAME ORDERS OUT` reads the CSV files
of folder ORDERS and writes the 15 KPIs at both grains to OUT, as `answers.py` wants them.
"""
