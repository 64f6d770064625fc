"""The reference behind a DOI or a PubMed id, asked for over the network; only when the user wants it.

A DOI is asked of doi.org by content negotiation (DOI Foundation, "DOI Citation Formatter": the registration agency
answers in CSL-JSON), a PubMed id of NCBI's Literature Citation Exporter (api.ncbi.nlm.nih.gov/lit/ctxp, at most 3
requests a second, none at the same time), which answers in the same format where the E-utilities would answer in XML.
One request a call, and none for a reference that is in the cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from metaimt import __version__
from metaimt.curation.reference import Reference, identifier_in
from metaimt.curation.reference_formats import from_csl_json
from metaimt.files import read_whole, safe_name, write_file
from metaimt.model.publication import key_of
from metaimt.problem import WrongUse

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

TIMEOUT_SECONDS = 10.0
MAXIMUM_BYTES = 1024 * 1024
_UNKNOWN = {400, 404}  # HTTP status codes
_SCHEMES = {"http", "https"}
USER_AGENT = f"metaimt/{__version__} (bibliography of published cases; Python urllib)"
_CSL_JSON = "application/vnd.citationstyles.csl+json"
_OTHERWISE = "or download the reference as RIS or .nbib and give that file: metaimt new FILE"


@dataclass(frozen=True, slots=True)
class Source:
    """Where one kind of identifier is asked for; `variable` is the environment variable that overrides `base`."""

    kind: str
    variable: str
    base: str
    accept: str

    def address(self, identifier: str, before: str = "") -> str:
        """The address that answers for an identifier, with what stands `before` it in the query.

        Raises WrongUse if the base is not http or https.
        """
        base = os.environ.get(self.variable) or self.base
        try:
            asked = urlsplit(base)
            good = asked.scheme in _SCHEMES and bool(asked.hostname) and asked.port != 0
        except ValueError:  # such as http://[::1, or a port that is no number
            good = False
        if not good:
            raise WrongUse(f"{self.variable} is '{base}', not an http or https address; unset it")
        return base + before + quote(identifier, safe="/")


class Unknown(WrongUse):
    """The host answers, and does not know the identifier."""


_EXPORTER = "https://api.ncbi.nlm.nih.gov/lit/ctxp/v1/pubmed/?format=csl&id="
DOI = Source("doi", "METAIMT_DOI_URL", "https://doi.org/", _CSL_JSON)
PMID = Source("pmid", "METAIMT_PMID_URL", _EXPORTER, "application/json")


def fetch(text: str, *, cache: Path | None = None, timeout: float = TIMEOUT_SECONDS) -> Reference:
    """The reference of a DOI or PubMed id, from the cache or the network.

    Raises WrongUse, with the next step, if `text` is neither, and for whatever the network does: no connection, an
    unknown identifier, no answer within `timeout` seconds, more than 1 MiB, another scheme than http(s), no reference.
    """
    source, identifier = _recognised(text)
    source.address(identifier)
    folder = cache or cache_folder()
    file = folder / _cache_name(source, identifier) if folder else None
    with contextlib.suppress(OSError, ValueError):  # not there, or spoilt: asked for again
        if file:
            return _reference(source, identifier, read_whole(file, MAXIMUM_BYTES))
    content = answer(source, identifier, timeout=timeout)
    try:
        reference = _reference(source, identifier, content)
    except ValueError as error:
        raise WrongUse(f"{_host(source)} answers for {identifier} with {error}; check it, {_OTHERWISE}") from error
    if file is None:
        return reference
    with contextlib.suppress(OSError):  # a cache that cannot be written costs the next call a request, no more
        write_file(file, content)
    return reference


def cache_folder() -> Path | None:
    """Where answers are kept, or None: XDG Base Directory Specification, which says to ignore a relative path."""
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        return (named if named.is_absolute() else Path.home() / ".cache") / "metaimt" / "references"
    except RuntimeError:  # the system knows no home of this user
        return None


def _recognised(text: str) -> tuple[Source, str]:
    found = identifier_in(text)
    if found is None:
        raise WrongUse(f"'{text}' is neither a DOI (10.1000/xyz) nor a PubMed id (digits)")
    return {"doi": DOI, "pmid": PMID}[found[0]], found[1]


def _cache_name(source: Source, identifier: str) -> str:
    """Readable, and different for different identifiers whatever characters they have."""
    digest = hashlib.sha256(identifier.casefold().encode()).hexdigest()[:16]
    return f"{source.kind}-{safe_name(identifier.casefold())[:60]}-{digest}.json"


def _reference(source: Source, identifier: str, content: bytes) -> Reference:
    """The one reference of an answer. Raises ValueError if it is none, or that of another publication."""
    try:
        found = [one for one in from_csl_json(content.decode("utf-8")) if one.title]
    except UnicodeDecodeError as error:
        raise ValueError("no text") from error
    except ValueError as error:
        raise ValueError("no reference (not CSL-JSON)") from error
    if not found:
        raise ValueError("no reference that has a title")
    answered = getattr(found[0], source.kind) or identifier
    if key_of(source.kind, answered) != key_of(source.kind, identifier):
        raise ValueError(f"another publication, {answered}")
    asked: Any = {source.kind: identifier}
    return replace(found[0], **asked)


def answer(source: Source, identifier: str, *, before: str = "", timeout: float = TIMEOUT_SECONDS) -> bytes:
    """What the network answers. Every failure is a WrongUse that says what happened and what to do.

    It is Unknown where the host does not know the identifier. `before`: other parameters of the query.
    """
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError

    host = _host(source)
    try:
        return _within(timeout, lambda: _downloaded(source.address(identifier, before), source.accept, timeout))
    except HTTPError as error:
        error.close()
        raise (Unknown if error.code in _UNKNOWN else WrongUse)(_refusal(error.code, host, identifier)) from error
    except (URLError, OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            message = f"{host} gave no answer within {timeout:g} seconds; try again later, {_OTHERWISE}"
            raise WrongUse(message) from error
        why = getattr(reason, "strerror", None) or reason
        raise WrongUse(f"{host} cannot be reached ({why}); are you online? Try again, {_OTHERWISE}") from error


def _refusal(code: int, host: str, identifier: str) -> str:
    if code in _UNKNOWN:
        return f"{host} does not know {identifier} ({code}); check it against the publication, {_OTHERWISE}"
    if 300 <= code < 400:
        return f"{host} sends on in a circle, or to what is not https, which is refused; check it, {_OTHERWISE}"
    if code == 406:
        return f"{host} has no reference for {identifier} as CSL-JSON; check it, {_OTHERWISE}"
    return f"{host} answers with error {code}; try again later, {_OTHERWISE}"


def _within(seconds: float, work: Callable[[], bytes]) -> bytes:
    """What `work` returns or raises; TimeoutError after so many seconds, whatever it is waiting for.

    The limits of a socket are those of one answer of it: a byte of a header now and then, or one "100 Continue" after
    the other, would go on for ever. The thread that waits is left behind, and ends with the command.
    """
    ended: Queue[bytes | Exception] = Queue()

    def run() -> None:
        """Put what comes of it into the queue."""
        try:
            ended.put(work())
        except Exception as error:  # noqa: BLE001 - raised again by who waits
            ended.put(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        found = ended.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if isinstance(found, Exception):
        raise found
    return found


def _downloaded(address: str, accept: str, timeout: float) -> bytes:
    from urllib.request import Request

    deadline = time.monotonic() + timeout
    request = Request(address, headers={"Accept": accept, "User-Agent": USER_AGENT})  # noqa: S310 - http(s) by _opener
    with _opener(urlsplit(address).scheme).open(request, timeout=timeout) as response:
        content = b""
        while chunk := response.read1(65536):
            content += chunk
            if len(content) > MAXIMUM_BYTES:
                raise WrongUse(f"the answer is larger than {MAXIMUM_BYTES // 2**20} MiB; check it, {_OTHERWISE}")
            if time.monotonic() > deadline:
                raise TimeoutError
    return content


def _opener(scheme: str) -> OpenerDirector:
    """An opener that follows redirects to https, and to http only if that was asked for: no file, no ftp, no data."""
    from urllib import request

    allowed = {"https", scheme}

    class OnlyWeb(request.HTTPRedirectHandler):
        def http_error_302(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any) -> Any:
            """Follow a redirect to what is allowed; any other is not followed."""
            try:
                target = urlsplit(urljoin(req.full_url, headers.get("location", "")))
            except ValueError:  # not an address at all
                return None
            return super().http_error_302(req, fp, code, msg, headers) if target.scheme in allowed else None

        http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302

    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        OnlyWeb(),
    ):
        opener.add_handler(handler)
    return opener


def _host(source: Source) -> str:
    return urlsplit(os.environ.get(source.variable) or source.base).netloc
