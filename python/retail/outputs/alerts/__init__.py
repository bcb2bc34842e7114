"""Open incidents, new or worse, to people: by webhook and e-mail, each incident once."""
