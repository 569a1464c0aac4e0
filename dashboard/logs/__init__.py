"""The log of a run as pages show it: windows of lines, pushes, hits, downloads, and what went wrong."""
