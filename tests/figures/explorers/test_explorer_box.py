"""What every explorer owes its reader, whatever it shows."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from companion.figures.explorers.box import PICTURE_SIZE, Explorer, message, picture_address

from .conftest import data_of

EMPTY = {"img", "input", "br"}


class Structure(HTMLParser):
    """Checks that elements close in order, and collects what stands inside labels."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.labelled: list[str] = []
        self.controls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"input", "select"}:
            self.controls.append(tag)
            self.labelled += [tag] if "label" in self.open else []
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_its_html_is_whole_and_every_control_has_a_label(explorer: Explorer) -> None:
    structure = Structure()
    structure.feed(explorer.html("fig-a"))
    assert not structure.open
    assert structure.controls == structure.labelled != []


def test_it_loads_nothing_and_calls_nobody(explorer: Explorer) -> None:
    html = explorer.html("fig-a")
    words = re.sub(r"data:image/webp;base64,[\w+/=]+", "", html)
    assert not re.findall(r"https?:|//\w|fetch\(|XMLHttpRequest|import\(|@import|url\(", words)
    for address in re.findall(r'(?:src|href)="([^"]*)"', html):
        assert address.startswith("data:image/")


def test_two_on_a_page_do_not_meet(explorer: Explorer) -> None:
    ids = [re.findall(r'\bid="([^"]+)"', explorer.html(name)) for name in ("fig-a", "fig-b")]
    assert ids == [["fig-a-explorer"], ["fig-b-explorer"]]
    assert 'getElementById("fig-b-explorer")' in explorer.html("fig-b")


def test_its_first_state_stands_in_the_html_and_in_the_text(explorer: Explorer) -> None:
    html = explorer.html("fig-a")
    shown = html[: html.index("<noscript>")]
    result = re.search(r'aria-live="polite">(.*?)</p>', shown, re.DOTALL)
    assert result
    assert explorer.text.startswith(f"{explorer.label}.\n")
    assert len(explorer.label) > 40
    assert len(result[1]) > 20
    assert "<noscript><p>" in html


def test_names_do_not_break_out(retrieval: Explorer) -> None:
    html = retrieval.html("fig-a")
    assert "<i>" not in html
    assert html.count("</script>") == 2
    assert data_of(html)["labels"][3] == "<i>p3</i> & </script>"


def test_a_message_stands_in_without_data() -> None:
    html = message("No <dials> here.").html("fig-a")
    assert "<p>No &lt;dials&gt; here.</p>" in html
    assert data_of(html) == {}


def test_pictures_become_small_and_stay_recognisable() -> None:
    picture = np.zeros((200, 200, 3), dtype=np.uint8)
    picture[:, 100:] = (250, 120, 10)
    address = picture_address(picture)
    kind, _, content = address.partition(";base64,")
    assert kind == "data:image/webp"
    found = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB"), dtype=int)
    assert found.shape == (PICTURE_SIZE, PICTURE_SIZE, 3)
    assert np.abs(found[:, 50] - (250, 120, 10)).max() < 25
    assert found[:, 10].max() < 25
    assert len(address) < 2000


def test_a_value_that_is_no_number_is_refused() -> None:
    broken = Explorer("label", "<p></p>", {"value": float("nan")}, "", "text")
    with pytest.raises(ValueError, match="JSON"):
        broken.html("fig-a")
