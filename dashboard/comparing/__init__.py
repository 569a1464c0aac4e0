"""What the compare page knows: which runs, what differs between them, which settings mattered."""
