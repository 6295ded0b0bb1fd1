"""A server on the loopback address, in Zenodo's place."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cyclegan_keras.corpora.download import Archive

PAYLOAD = bytes(range(256)) * 4000
HALF = len(PAYLOAD) // 2
NEVER_SECONDS = 60.0


class Host:
    """A server on the loopback address that answers as ``answer`` says and remembers what it was asked."""

    def __init__(self):
        self.ranges = []
        self.served = 0
        self.answer = ranged
        self.released = threading.Event()
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                host.ranges.append(self.headers.get("Range"))
                host.answer(self, host)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def archive(self, payload: bytes = PAYLOAD) -> Archive:
        url = f"http://127.0.0.1:{self.server.server_port}/speech.zip"
        return Archive(url, len(payload), hashlib.md5(payload).hexdigest())

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def reply(handler, host, body, status=200, **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()
    try:
        host.served += len(body)  # first: the client may be done before this thread goes on
        handler.wfile.write(body)
    except OSError:
        pass  # the client has what it wants


def ranged(handler, host, payload=PAYLOAD, upto=None):
    """Serve the payload from where the client asks, and break off before byte ``upto``."""
    asked = handler.headers.get("Range")
    if asked is None:
        return reply(handler, host, payload[:upto], Content_Length=len(payload))
    start = int(asked[len("bytes=") : -1])
    span = f"bytes {start}-{len(payload) - 1}/{len(payload)}"
    reply(handler, host, payload[start:upto], 206, Content_Length=len(payload) - start, Content_Range=span)
    return None


def breaks_off(handler, host):
    ranged(handler, host, upto=HALF)


def whole(handler, host, payload=PAYLOAD):
    reply(handler, host, payload, Content_Length=len(payload))


def redirects(handler, host, to):
    reply(handler, host, b"", 302, Location=to, Content_Length=0)
