"""A backend that writes down each byte that it is sent, and answers as it was told."""
import socket
import threading

GREETING = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
TUNNEL = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
#: So long nothing comes: then all has come that will.
QUIET_S = 0.15


class Recorder:
    """`received` has what came on each connection since `clear`."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        #: Answers by the path's last part: `/answer/3` is answered with `answers["3"]`, and the connection closed.
        self.answers = {}
        self.lock = threading.Lock()
        self.received = []
        threading.Thread(target=self._accept, daemon=True).start()

    def clear(self):
        """Forgets what came; a connection that is still open may be used again, and what comes then counts."""
        with self.lock:
            self.received = [each for each in self.received if each[1].fileno() >= 0]
            for data, _ in self.received:
                data.clear()

    def taken(self):
        with self.lock:
            return [bytes(data) for data, _ in self.received if data]

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        data = bytearray()
        with self.lock:
            self.received.append((data, connection))
        with connection:
            try:
                connection.settimeout(10)
                data += connection.recv(1 << 16)
                if data.startswith(b"GET /tunnel "):
                    return self._echo(connection)
                connection.settimeout(QUIET_S)
                while True:
                    try:
                        piece = connection.recv(1 << 16)
                    except TimeoutError:
                        answer = self.answers.get(bytes(data).split(b" ", 2)[1].rsplit(b"/", 1)[-1].decode("latin1"))
                        if answer is None:
                            connection.sendall(GREETING)
                            # Longer than the edge keeps a connection: who closes first would decide what a POST meets.
                            continue_s = 6
                            connection.settimeout(continue_s)
                            piece = connection.recv(1 << 16)
                            connection.settimeout(QUIET_S)
                        else:
                            connection.sendall(answer)
                            return
                    if not piece:
                        return
                    # On a connection that is used again.
                    if piece.startswith(b"GET /tunnel "):
                        return self._echo(connection)
                    data += piece
            except (OSError, IndexError):
                return

    @staticmethod
    def _echo(connection):
        """Takes the upgrade, and sends back what comes until the other half ends."""
        connection.sendall(TUNNEL)
        while piece := connection.recv(1 << 16):
            connection.sendall(piece)
