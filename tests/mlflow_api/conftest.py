"""What MLflow clients send becomes files, so every test has a data folder of its own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_data_dir(data_dir: Path) -> None:
    """Streams and blobs are files."""
