"""The product from outside: commands that people type, and the tables that others may rely on.

Nothing here imports the project, so that nothing here changes when the project is laid out anew.
What a refactoring may edit is `commands.py`, and nothing else.
"""
