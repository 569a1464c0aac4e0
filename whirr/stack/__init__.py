"""The embedded stack: web, background and agent processes, kept alive by one supervisor."""
