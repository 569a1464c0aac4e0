"""The command line and the embedded stack, as a person meets them: real processes."""
