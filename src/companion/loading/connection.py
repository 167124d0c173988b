"""HTTP connections that are encrypted on every hop and that give up quickly when a host cannot be reached."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.client import RemoteDisconnected
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from companion.errors import DownloadError

CONNECT_SECONDS = 4.0
READ_SECONDS = 20.0  # a transfer that stalls for longer counts as broken
REACH_SECONDS = 8.0  # from the first try to the verdict that a host cannot be reached
HOPS = 10
RETRY_AFTER_SECONDS = 10.0  # a server may ask for a longer pause; then the file fails and the person decides
TRY_AGAIN = (429, 500, 502, 503, 504)


class UnreachableError(DownloadError):
    """A host cannot be reached: no sense in trying the next file."""


class Connection:
    """A session of GET requests; the context manager closes it.

    Parameters
    ----------
    mirror : str, optional
        Address of a mirror that the user named; there, and only there, plain http is allowed.
    """

    def __init__(self, mirror: str | None = None) -> None:
        self._mirror = _origin(mirror) if mirror else None
        self._reached: set[str] = set()
        self._session = _OneHop()
        retry = _BoundedRetry(
            connect=0,
            read=0,
            other=0,
            status=3,
            status_forcelist=TRY_AGAIN,
            backoff_factor=0.5,
            raise_on_status=False,
        )
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._session.close()

    def open(self, url: str, *, start: int = 0) -> requests.Response:
        """Answer to a GET request for the bytes from `start` on, with an unread body.

        Redirects are followed one by one, each checked before it is followed.

        Raises
        ------
        UnreachableError
            If the host does not answer within 8 s.
        DownloadError
            If a hop is not encrypted, or there are too many.
        requests.RequestException
            If the connection breaks.
        """
        headers = {"Accept-Encoding": "identity"}  # else the bytes counted are not the bytes of the file
        if start:
            headers["Range"] = f"bytes={start}-"
        first = url
        for _ in range(HOPS):
            self._refuse_plain_http(url, first)
            self._reach(url)
            response = self._session.get(
                url,
                headers=headers,
                stream=True,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
            )
            if not response.is_redirect:
                return response
            response.close()
            url = _next_hop(url, response.headers["Location"])
        raise DownloadError("The address redirects without end", where=first, expected=f"{HOPS} hops at most")

    def forget(self) -> None:
        """Look anew whether a host can be reached before the next request: the connection just broke."""
        self._reached.clear()

    def _refuse_plain_http(self, url: str, first: str) -> None:
        if url.startswith("https://") or _origin(url) == self._mirror:
            return
        raise DownloadError(
            "The download would leave the encrypted connection",
            where=first,
            expected="https on every hop",
            got=f"a redirect to {url}" if url != first else url,
            do="report it; the file may still be had by hand",
        )

    def _reach(self, url: str) -> None:
        """Ask the host for anything at all, against the clock.

        A timeout of the connection alone would not do: it holds for each of a host's addresses in turn, and
        not for the look-up of its name.
        """
        origin = _origin(url)
        if origin in self._reached:
            return
        failure: list[str] = ["no answer"]
        asking = threading.Thread(target=_ask, args=(url, failure), daemon=True)
        asking.start()
        asking.join(REACH_SECONDS)
        if failure:
            raise UnreachableError(
                f"The host cannot be reached ({failure[0]})",
                where=origin,
                expected=f"an answer within {REACH_SECONDS:.0f} s",
                do="check the connection, or fetch from a copy: --mirror DIR or COMPANION_MIRROR",
            )
        self._reached.add(origin)


class _OneHop(requests.Session):
    """Session that leaves redirects alone; requests would read their body whole and parse where they lead.

    It gives nobody a password: requests would send those of ``~/.netrc`` to any host that is redirected to.
    """

    def __init__(self) -> None:
        super().__init__()
        self.auth = _anonymous

    def resolve_redirects(self, *_: Any, **__: Any) -> Iterator[Any]:
        return iter(())


class _BoundedRetry(urllib3.Retry):
    """Retry that does not sleep for as long as a server likes."""

    def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        seconds = super().get_retry_after(response)
        return None if seconds is None else min(seconds, RETRY_AFTER_SECONDS)


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _ask(url: str, failure: list[str]) -> None:
    """Empty `failure` when the host answers whatever it may be; else write down why not."""
    try:
        with _OneHop() as session:
            timeout = (CONNECT_SECONDS, REACH_SECONDS)
            session.head(url, timeout=timeout, allow_redirects=False, stream=True).close()
    except (requests.ConnectionError, requests.Timeout) as error:
        if not _hung_up(error):  # a host that hangs up was reached
            failure[:] = [_short(error)]
            return
    except (requests.RequestException, ValueError):
        pass  # an answer that makes no sense is an answer
    failure.clear()


def _hung_up(error: requests.RequestException) -> bool:
    """Whether the host took the question and closed without a word; a reset is the work of a firewall."""
    cause = error.args[0] if error.args else None
    if not isinstance(cause, urllib3.exceptions.ProtocolError):
        return False
    return any(isinstance(part, RemoteDisconnected) for part in cause.args)


def _next_hop(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        _origin(target)
    except ValueError as error:
        raise DownloadError("The address redirects to what is no address", where=url) from error
    return target


def _short(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not accepted"
    text = str(error)
    return "its name is not known" if "resolve" in text.lower() else "no connection"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
