"""Boards of charts: which runs and metrics they show, curves of groups, and what leaves as a file."""
