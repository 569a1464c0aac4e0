"""One module a command, or a few that belong together; imported when called."""
