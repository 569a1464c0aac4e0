"""The parts of the page of a run, each named after what it knows."""
