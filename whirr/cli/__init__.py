"""The `whirr` command line."""
