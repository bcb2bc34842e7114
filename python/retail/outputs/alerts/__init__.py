"""Alert people of incidents that are new or worse: by webhook and e-mail, each one once."""
