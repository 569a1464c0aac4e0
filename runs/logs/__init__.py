"""Reading output.log by lines: where they begin, what they say, when they came. See docs/logs.md."""
