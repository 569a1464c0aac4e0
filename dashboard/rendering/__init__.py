"""Texts of others as marked-up text: Markdown, code, JSON. What leaves here holds no element that they chose."""
