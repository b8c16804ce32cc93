"""``evonas new``."""

from __future__ import annotations

from pathlib import Path

from evonas.campaign.starter import starter_campaign


def write_starter(file: Path) -> None:
    """Writes a starter campaign to a file that does not exist yet.

    Raises:
        FileExistsError: It exists; it is left as it is.
        OSError: It cannot be written.
    """
    text = starter_campaign(file.stem)
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise FileExistsError(f"{file} exists already and is left as it is; choose another name") from None
    except OSError as error:
        raise OSError(f"{file} cannot be written: {error.strerror}; name a file in a folder that is there") from error
    print(f"{file} is written; look it over, then: evonas check {file}")
