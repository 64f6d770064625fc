"""Fetching a reference: a server on this machine answers as doi.org and NCBI do; everything in it is made up."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import unquote

import pytest

from metaimt.curation.fetch import MAXIMUM_BYTES, USER_AGENT, _opener, cache_folder, fetch
from metaimt.problem import WrongUse

DOI_ANSWER = json.dumps(
    {
        "type": "journal-article",
        "DOI": "10.0000/made-up.1",
        "title": ["Made up: answered by a server of the tests"],
        "author": [{"given": "Anna", "family": "Example", "sequence": "first", "affiliation": []}],
        "container-title": "Journal of Made-up Cases",
        "issued": {"date-parts": [[2026, 3, 1]]},
    }
).encode()
PMID_ANSWER = json.dumps(
    {
        "source": "PubMed",
        "id": "pmid:90000001",
        "title": "Made up for PubMed",
        "author": [{"family": "Example", "given": "Anna M"}],
        "container-title-short": "J Made Up",
        "issued": {"date-parts": [[2025]]},
        "PMID": "90000001",
    }
).encode()


@dataclass
class Web:
    """A server with its answers by path, (status, headers, body), and the requests it got."""

    base: str = ""
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    slow: float = 0.0


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Web]:
    found = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.requests.append((unquote(self.path), dict(self.headers.items())))
            status, headers, body = found.answers.get(unquote(self.path), (404, {}, b"Made up: not found"))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for byte in range(0, len(body), 64 if found.slow else len(body) or 1):
                    self.wfile.write(body[byte : byte + (64 if found.slow else len(body))])
                    time.sleep(found.slow)
            except OSError:  # the client gave up
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    found.base = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("METAIMT_DOI_URL", f"{found.base}/")
    monkeypatch.setenv("METAIMT_PMID_URL", f"{found.base}/pubmed/?format=csl&id=")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found.answers["/10.0000/made-up.1"] = (200, {"Content-Type": "application/json"}, DOI_ANSWER)
    found.answers["/pubmed/?format=csl&id=90000001"] = (200, {}, PMID_ANSWER)
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def refusal(text: str, **more: float) -> str:
    with pytest.raises(WrongUse) as error:
        fetch(text, **more)  # type: ignore[arg-type]
    return str(error.value)


@pytest.mark.parametrize(
    "text", ["10.0000/made-up.1", "doi:10.0000/made-up.1", "https://doi.org/10.0000/made-up.1", " 10.0000/made-up.1 "]
)
def test_a_doi_is_asked_for_csl_json(web: Web, text: str) -> None:
    reference = fetch(text)
    assert (reference.title, reference.authors) == ("Made up: answered by a server of the tests", "Example A")
    assert (reference.journal, reference.year, reference.doi) == ("Journal of Made-up Cases", 2026, "10.0000/made-up.1")
    ((_, headers),) = web.requests
    assert headers["Accept"] == "application/vnd.citationstyles.csl+json"
    assert headers["User-Agent"] == USER_AGENT
    assert USER_AGENT.startswith("metaimt/")


@pytest.mark.parametrize("text", ["90000001", "PMID: 90000001", "https://pubmed.ncbi.nlm.nih.gov/90000001/"])
def test_a_pubmed_id_is_asked_of_the_citation_exporter(web: Web, text: str) -> None:
    reference = fetch(text)
    assert (reference.title, reference.pmid, reference.authors) == ("Made up for PubMed", "90000001", "Example AM")
    assert [path for path, _ in web.requests] == ["/pubmed/?format=csl&id=90000001"]


def test_the_second_time_nothing_is_asked(web: Web, tmp_path: Path) -> None:
    first = fetch("10.0000/made-up.1")
    assert fetch("10.0000/MADE-UP.1").title == first.title
    assert len(web.requests) == 1
    (cached,) = (tmp_path / "cache" / "metaimt" / "references").iterdir()
    assert cached.read_bytes() == DOI_ANSWER
    cached.write_bytes(b"spoilt")
    assert fetch("10.0000/made-up.1") == first
    assert len(web.requests) == 2


def test_a_redirect_to_another_server_is_followed_as_doi_org_does(web: Web) -> None:
    target = f"{web.base}/agency/made-up"
    web.answers["/10.0000/moved"] = (302, {"Location": target}, b"")
    web.answers["/agency/made-up"] = (200, {}, DOI_ANSWER.replace(b"10.0000/made-up.1", b"10.0000/moved"))
    assert fetch("10.0000/moved").doi == "10.0000/moved"
    assert web.requests[1][1]["Accept"] == "application/vnd.citationstyles.csl+json"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "//[", "/10.0000/away"])
def test_a_redirect_to_what_is_not_the_web_is_refused(web: Web, target: str) -> None:
    web.answers["/10.0000/away"] = (302, {"Location": target}, b"")
    assert "metaimt new FILE" in refusal("10.0000/away")
    assert "root:" not in refusal("10.0000/away")
    if ":" in target:
        assert "not https" in refusal("10.0000/away")


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, "does not know 10.0000/x (404)"), (406, "as CSL-JSON"), (500, "error 500; try again later"), (429, "429")],
)
def test_a_refusal_says_what_to_do(web: Web, status: int, said: str) -> None:
    web.answers["/10.0000/x"] = (status, {}, b"Made up")
    text = refusal("10.0000/x")
    assert said in text
    assert "metaimt new FILE" in text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>Made up</html>", "not CSL-JSON"),
        (b"", "not CSL-JSON"),
        (b"\xff\xfe", "no text"),
        (b"[]", "no reference that has a title"),
        (b'{"status": "error"}', "no reference that has a title"),
        (DOI_ANSWER, "another publication, 10.0000/made-up.1"),
        (b"[" * 90_000, "not CSL-JSON"),
    ],
)
def test_an_answer_that_is_no_reference_is_refused_and_not_kept(web: Web, body: bytes, said: str) -> None:
    web.answers["/10.0000/garbage"] = (200, {}, body)
    assert said in refusal("10.0000/garbage")
    assert not Path(cache_folder() or "").exists()


def test_an_answer_that_is_too_large_is_not_read_to_its_end(web: Web) -> None:
    web.answers["/10.0000/large"] = (200, {}, b" " * (MAXIMUM_BYTES + 1))
    assert "larger than 1 MiB" in refusal("10.0000/large")


def test_an_answer_that_breaks_off(web: Web) -> None:
    web.answers["/10.0000/short"] = (200, {"Content-Length": "100000"}, DOI_ANSWER)
    assert "metaimt new FILE" in refusal("10.0000/short", timeout=0.5)


@pytest.mark.parametrize("line", [b"x", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: y\r\n"])
def test_headers_and_interim_answers_without_end_are_given_up(line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte of them is soon there, so that no limit of the socket is met."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with server.accept()[0] as client, contextlib.suppress(OSError):
                client.recv(1000)
                while not ended.wait(0.02):
                    client.sendall(line)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setenv("METAIMT_DOI_URL", f"http://127.0.0.1:{server.getsockname()[1]}/")
        said = refusal("10.0000/made-up.1", timeout=0.5)
        ended.set()
        thread.join()
    assert "no answer within 0.5 seconds" in said or "100 headers" in said


def test_who_asks_by_https_is_not_sent_on_to_http(web: Web) -> None:
    web.answers["/away"] = (302, {"Location": f"{web.base}/10.0000/made-up.1"}, b"")
    with pytest.raises(HTTPError, match="302"):
        _opener("https").open(f"{web.base}/away")
    assert _opener("http").open(f"{web.base}/away").status == 200


@pytest.mark.parametrize(
    "base",
    ["http://[::1", "https://", "http://x:y/", "ftp://x/", "https:///x", "\x00", "doi.org", "file:///etc/passwd?"],
)
def test_a_setting_that_is_no_address_is_refused(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metaimt.curation.fetch.os.environ", {"METAIMT_DOI_URL": base})
    assert "not an http or https address; unset it" in refusal("10.0000/made-up.1")


def test_without_a_home_nothing_is_kept_and_the_answer_is_given(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(self: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", classmethod(nobody))
    assert fetch("10.0000/made-up.1").year == fetch("10.0000/made-up.1").year == 2026
    assert len(web.requests) == 2


def test_a_slow_server_is_given_up_also_if_it_drips(web: Web) -> None:
    web.slow = 0.15
    web.answers["/10.0000/slow"] = (200, {}, DOI_ANSWER)
    started = time.monotonic()
    assert "no answer within 0.4 seconds" in refusal("10.0000/slow", timeout=0.4)
    assert time.monotonic() - started < 2


def test_a_server_that_says_nothing_is_given_up(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("METAIMT_DOI_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        assert "no answer within 0.3 seconds" in refusal("10.0000/x", timeout=0.3)


def test_without_a_network_the_way_forward_is_said(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAIMT_DOI_URL", "http://127.0.0.1:1/")
    text = refusal("10.0000/made-up.1")
    assert "cannot be reached" in text
    assert "are you online?" in text


@pytest.mark.parametrize("text", ["", "made up", "10.1/x", "1234567890123", "file:///etc/passwd", "10.0000/a b"])
def test_what_is_neither_a_doi_nor_a_pubmed_id_is_not_asked(web: Web, text: str) -> None:
    assert "neither a DOI" in refusal(text)
    assert not web.requests


@pytest.mark.parametrize("text", ["10.0000/../../../x", "10.0000/a?b#c%e&d", "10.0000/" + "é" * 300, "10.0000/a\\b:*"])
def test_cache_names_are_safe_and_addresses_encoded(web: Web, text: str) -> None:
    web.answers[f"/{text}"] = (200, {}, b'{"title": "Made up"}')
    assert fetch(text).doi == text
    (cached,) = Path(cache_folder() or "").iterdir()
    assert cached.name.isascii()
    assert len(cached.name) < 100
    assert fetch(text).title == "Made up"
    assert len(web.requests) == 1


def test_a_cache_that_cannot_be_written_is_done_without(web: Web, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("Made up: a file where the folder should be")
    assert fetch("10.0000/made-up.1") == fetch("10.0000/made-up.1")
    assert len(web.requests) == 2


def test_a_relative_cache_folder_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == Path.home() / ".cache" / "metaimt" / "references"
