"""Contents of artifacts as files below the blobs folder: the storage of a server that is told of no other."""

import os
import shutil
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.storage import FileSystemStorage

from runs.contents import opened_at
from runs.storage import replacing


class ContentFolder(FileSystemStorage):
    """A file has its content's sha256 for a name, so one that is there is the right one. Mode 0600."""

    @property
    def base_location(self) -> Any:  # asked anew each time: tests have folders of their own
        return settings.BLOBS_DIR

    @property
    def location(self) -> Any:
        return str(Path(settings.BLOBS_DIR).absolute())

    def check(self) -> None:
        """Raises OSError where nothing can be put there."""
        Path(settings.BLOBS_DIR).mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(settings.BLOBS_DIR, os.W_OK | os.X_OK):
            raise PermissionError(f"{settings.BLOBS_DIR} is not writable")

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: Any) -> str:
        """Keep a local file under `name` beside the name that it has: no byte is copied where the disk knows links."""
        source, target = Path(content.temporary_file_path()), Path(self.path(name))
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replacing(target) as draft:
            try:
                os.link(source, draft)
            except OSError:  # another disk, or one without links
                shutil.copyfile(source, draft)
            draft.chmod(0o600)
        return name

    def opened(self, name: str, start: int, stop: int) -> BinaryIO:
        """The bytes from `start` on; whoever reads counts up to `stop`."""
        return opened_at(Path(self.path(name)), start)
