"""A `grids view` that a test talks to, over plain sockets: what it sends is what stands here."""

import json
import os
import re
import signal
import socket
import subprocess
import time


class Viewer:
    """Serves a results folder until it is stopped; `cookie` and `folder` are those of the user who logged in."""

    def __init__(self, programs, results, *words, env=None, opens=False):
        command = [programs / "grids", "view", results, "--threads", "2", *([] if opens else ["--no-open"]), *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, **(env or {})})
        self.url = self.process.stdout.readline().strip()
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/#([0-9a-f]{64})", self.url)
        if not found:
            raise RuntimeError(f"grids view does not begin: {self.url} {self.process.stderr.read()}")
        self.port, self.token = int(found[1]), found[2]
        self.cookie, self.folder = None, "/"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def send(self, data, wait=10):
        """The bytes that come back until the server closes; what it does not take is passed over."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait) as connection:
            try:
                connection.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused early; the answer may be there
            pieces = []
            try:
                while piece := connection.recv(1 << 16):
                    pieces.append(piece)
            except ConnectionResetError:
                pass
            return b"".join(pieces)

    def request(self, method, path, body=None, **headers):
        """The bytes of a request; a header of None is left out."""
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        head = {"Host": f"127.0.0.1:{self.port}"}
        if method == "POST":
            head |= {"Content-Type": "application/json", "Content-Length": str(len(data))}
        if self.cookie:
            head["Cookie"] = self.cookie
        head |= {name.replace("_", "-"): value for name, value in headers.items()}
        if not path.startswith(("/login", "/favicon")):
            path = self.folder + path.removeprefix("/")
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items() if value is not None)
        return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + data

    def ask(self, method, path, body=None, **headers):
        """(status, head, body)."""
        answer = self.send(self.request(method, path, body, **headers))
        head, _, rest = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]) if head.startswith(b"HTTP/1.1 ") else 0, head.decode(), rest

    def json(self, path, body=None, status=200):
        got, _, answer = self.ask("GET" if body is None else "POST", path, body)
        if got != status:
            raise RuntimeError(f"{path} {body}: {got}, not {status}: {answer[:300]}")
        return json.loads(answer)

    def log_in(self):
        status, head, body = self.ask("POST", "/login", {"token": self.token})
        if status != 200:
            raise RuntimeError(f"the token does not log in: {head}")
        self.cookie, self.folder = re.search(r"Set-Cookie: ([^;]+);", head)[1], json.loads(body)["folder"]
        return self

    def search(self, question):
        job = self.json("/api/search", question)["job"]
        while not (state := self.json(f"/api/search/{job}"))["done"]:
            time.sleep(0.01)
        return state

    def stop(self, with_signal=signal.SIGINT):
        """(exit code, seconds it took, what it said)."""
        start = time.monotonic()
        self.process.send_signal(with_signal)
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, time.monotonic() - start, said
