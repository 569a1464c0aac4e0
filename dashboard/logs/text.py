"""Bytes of a log as text, cut where no character is torn."""


def whole_characters(data: bytes, *, final: bool) -> tuple[str, int]:
    """Decode UTF-8 and say how many bytes that used: a character whose end has not arrived yet waits for it."""
    keep = len(data)
    if not final:
        for back in range(1, min(3, len(data)) + 1):
            byte = data[-back]
            if byte >= 0xC0:
                needed = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2
                keep = len(data) - back if back < needed else len(data)
                break
            if byte < 0x80:
                break
    return data[:keep].decode("utf-8", errors="replace"), keep
