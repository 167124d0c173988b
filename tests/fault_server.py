"""A loopback web server over files in memory that misbehaves on demand."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FaultServer(ThreadingHTTPServer):
    """Serves `content` (path -> bytes); `plan` (path -> list of faults) says how the next GETs go.

    Faults: cut, close, wrong, longer, other-length, hang-up, ignore-range, wrong-range, a status such as 503,
    or an address to redirect to. When a plan is used up, or there is none, the file is served correctly.
    """

    daemon_threads = True

    def __init__(self, content, chunk_pause=None):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = content
        self.plan = {}
        self.chunk_pause = chunk_pause  # called between chunks of 64 KiB
        self.requests = []  # (path, first byte asked for or None) of every GET
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request, client_address):
        """Stay quiet when a client goes away."""


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        """Stay quiet."""

    def do_HEAD(self):
        self._head(200 if self.path in self.server.content else 404, length=0)

    def do_GET(self):
        asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else None
        self.server.requests.append((self.path, start))
        plan = self.server.plan.get(self.path, [])
        fault = plan.pop(0) if plan else "none"
        body = self.server.content.get(self.path)
        if body is None:
            self._head(404, length=0)
        elif fault.isdigit():
            self._head(int(fault), length=0, retry_after="0")
        elif "://" in fault or fault.startswith("/"):
            self._head(302, length=0, location=fault)
        elif fault != "hang-up":
            self._answer(body, start, fault)

    def _answer(self, body, start, fault):
        first = 0 if start is None or fault == "ignore-range" else start
        partial = start is not None and fault != "ignore-range"
        total = len(body)
        rest = body[first:]
        if fault == "wrong":
            rest = bytes(byte ^ 1 for byte in rest)
        said = f"bytes {0 if fault == 'wrong-range' else first}-{total - 1}/{total}" if partial else None
        length = {"close": None, "longer": None, "other-length": total + 7}.get(fault, len(rest))
        self._head(206 if partial else 200, length=length, content_range=said)
        if fault in ("cut", "close"):
            rest = rest[: len(rest) // 2]
        if fault == "longer":
            rest += b"more"
        for at in range(0, len(rest), 65536):
            self.wfile.write(rest[at : at + 65536])
            if self.server.chunk_pause:
                self.server.chunk_pause()

    def _head(self, status, *, length, location=None, retry_after=None, content_range=None):
        self.send_response(status)
        headers = {
            "Content-Length": length,
            "Location": location,
            "Retry-After": retry_after,
            "Content-Range": content_range,
        }
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, str(value))
        self.end_headers()
