"""What the runs of these benchmarks log."""


def names(metrics: int) -> list[str]:
    """`loss`, and others in sections of ten."""
    return ["loss", *(f"part{n // 10}/metric_{n}" for n in range(1, metrics))]
