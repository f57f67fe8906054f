"""A time stamping authority on loopback: OpenSSL's, with certificates made for the test."""

from __future__ import annotations

import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIGURATION = """
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[tsa]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[ts]
dir = {folder}
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
"""


def openssl(*args: str | Path, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run OpenSSL."""
    return subprocess.run(["openssl", *map(str, args)], input=given, capture_output=True)


def made(*args: str | Path) -> None:
    """Run OpenSSL, which has to succeed."""
    ran = openssl(*args)
    assert ran.returncode == 0, ran.stderr.decode()


class Authority:
    """It answers what is posted to `url`, and counts that.

    Args:
        folder: For its keys and certificates.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self.ca = folder / "ca.pem"
        self.status = 200
        self.answer: bytes | None = None
        """What it answers instead of a stamp."""
        self.asked: list[bytes] = []
        self._make_certificates()
        ours = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/timestamp-query"
                ours.asked.append(query)
                body = ours.reply(query) if ours.answer is None else ours.answer
                self.send_response(ours.status)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/tsr"

    def reply(self, query: bytes) -> bytes:
        """A stamp, as ``openssl ts`` makes it."""
        (self._folder / "query").write_bytes(query)
        made("ts", "-reply", "-config", self._folder / "config", "-section", "ts",
             "-queryfile", self._folder / "query", "-signer", self._folder / "tsa.pem",
             "-inkey", self._folder / "tsa.key", "-out", self._folder / "reply")  # fmt: skip
        return (self._folder / "reply").read_bytes()

    def close(self) -> None:
        """Answer no more."""
        self.server.shutdown()
        self.server.server_close()

    def _make_certificates(self) -> None:
        folder = self._folder
        (folder / "serial").write_text("01")
        config = folder / "config"
        for name in ("ca", "tsa"):
            text = CONFIGURATION.format(name=f"{name} of the tests", folder=folder.as_posix())
            config.write_text(text)
            made("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-config", config, "-keyout", folder / f"{name}.key",
                 "-out", folder / f"{name}.csr")  # fmt: skip
        made("x509", "-req", "-in", folder / "ca.csr", "-signkey", folder / "ca.key",
             "-days", "3650", "-extfile", config, "-extensions", "ca", "-out", self.ca)  # fmt: skip
        made("x509", "-req", "-in", folder / "tsa.csr", "-CA", self.ca, "-CAkey", folder / "ca.key",
             "-set_serial", "2", "-days", "3650", "-extfile", config, "-extensions", "tsa",
             "-out", folder / "tsa.pem")  # fmt: skip
