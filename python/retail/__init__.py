"""The product around detection: its tables, its words, and how every screen asks for both."""
