"""The plain alternative to a roll-out: processes behind nginx, ended and started again one after the other."""
import os
import signal
import subprocess
import sys

from lab.instance import accepts, eventually, free_port, need

#: As a Machine's kill_timeout in the roll-outs that it is compared with.
PATIENCE = 2

CONFIG = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log error; user root;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {folder}/bodies; proxy_temp_path {folder}/answers;
  map $http_upgrade $wants {{ default upgrade; '' ''; }}
  upstream app {{ {servers} keepalive 64; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $wants;
    }}
  }}
}}
"""


class PlainRestart:
    """So many processes of the target app, and nginx before them."""

    def __init__(self, folder, script, count):
        need("nginx")
        folder.mkdir(parents=True)
        self.script = script
        self.port = free_port()
        self.ports = [free_port() for _ in range(count)]
        self.processes = [self.begin(port) for port in self.ports]
        servers = " ".join(f"server 127.0.0.1:{port};" for port in self.ports)
        config = folder / "nginx.conf"
        config.write_text(CONFIG.format(folder=folder, port=self.port, servers=servers))
        self.proxy = subprocess.Popen(["nginx", "-c", config], stderr=subprocess.DEVNULL)
        eventually("nginx listens", lambda: accepts(self.port), process=self.proxy)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in [self.proxy, *self.processes]:
            process.kill()
            process.wait()

    def begin(self, port):
        process = subprocess.Popen(
            [sys.executable, self.script], env=os.environ | {"PORT": str(port)}, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        eventually("the app listens", lambda: accepts(port), process=process)
        return process

    def roll(self):
        """Exchanges all processes, each when the one before listens again."""
        for number, port in enumerate(self.ports):
            process = self.processes[number]
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self.processes[number] = self.begin(port)
