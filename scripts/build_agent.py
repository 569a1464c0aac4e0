"""Build dist/whirr-worker.pyz: the agent in one file, the same that a server hands out."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from whirr_site.agent_file import archive  # noqa: E402


def main(arguments: list[str]) -> int:
    target = Path(arguments[0]) if arguments else ROOT / "dist" / "whirr-worker.pyz"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(archive(ROOT))
    target.chmod(0o755)
    sys.stdout.write(f"{target}: {target.stat().st_size / 1024:.0f} KiB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
