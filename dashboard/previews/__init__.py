"""Artifacts as a page may show them: an image, a text, a table, a tree, a sound; and nothing that could act."""
