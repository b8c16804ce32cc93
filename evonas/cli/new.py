"""``evonas new``."""

from __future__ import annotations

from pathlib import Path

from evonas.campaign.reading.starter import copied_campaign, starter_campaign


def write_starter(file: Path, like: str | None = None) -> None:
    """Writes a starter campaign to a file that does not exist yet.

    Args:
        file: Where; the campaign is named after it.
        like: A campaign file, or a shipped one's name, that is copied instead, comments and all.

    Raises:
        CampaignError: There is no campaign of that name, or no campaign can be named after the file.
        FileExistsError: It exists; it is left as it is.
        OSError: It cannot be written.
    """
    if file.exists():  # told before the components are looked through
        raise FileExistsError(_there(file))
    text = starter_campaign(file.stem) if like is None else copied_campaign(file.stem, like)
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise FileExistsError(_there(file)) from None
    except OSError as error:
        raise OSError(f"{file} cannot be written: {error.strerror}; name a file in a folder that is there") from error
    print(f"{file} is written; look it over, then: evonas check {file}")


def _there(file: Path) -> str:
    return f"{file} exists already and is left as it is; choose another name"
