"""The parts of the queue's benchmark; `benchmarks/queue.py` runs them."""
