"""Tells at /reach/HOST/PORT whether this Machine gets a connection there."""

import http.server
import socket


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        answer = "ok"
        if self.path.startswith("/reach/"):
            _, _, host, port = self.path.split("/")
            try:
                socket.create_connection((host, int(port)), timeout=2).close()
                answer = "open"
            except OSError:
                answer = "closed"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(answer.encode())


class Server(http.server.ThreadingHTTPServer):
    """On IPv6, and on IPv4 with it."""

    address_family = socket.AF_INET6


Server(("::", 8080), Handler).serve_forever()
