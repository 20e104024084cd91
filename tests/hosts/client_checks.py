"""What clients do with the gates of a running cluster: read-write and read-only ports, TLS, cancel requests, half-open
connections. Used by tests/hosts/smoke --clients."""
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

READ_ONLY = 6434
MAX_LAG = 3
SILENCE_LIMIT = 5
SPARE_ADDRESS = "10.213.77.200"


class Failed(Exception):
    pass


def make_certificate(folder):
    """Self-made; the settings that make a server use it."""
    os.mkdir(folder)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=heir-smoke",
                    "-keyout", f"{folder}/server.key", "-out", f"{folder}/server.crt"], check=True, capture_output=True)
    os.chmod(f"{folder}/server.key", 0o600)
    for path in (folder, f"{folder}/server.key", f"{folder}/server.crt"):
        shutil.chown(path, "postgres", "postgres")
    return ["ssl = on", f"ssl_cert_file = '{folder}/server.crt'", f"ssl_key_file = '{folder}/server.key'"]


def gate_section():
    return f'[gate]\nmax_lag = "{MAX_LAG}s"\nsilence_limit = "{SILENCE_LIMIT}s"\n'


class Forwarder:
    """Accepts on loopback and forwards the first connection to one address and the rest to another."""

    def __init__(self, first, rest, source=None):
        self.first, self.rest, self.source = first, rest, source
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        to = self.first
        while True:
            client, _ = self.listener.accept()
            try:
                server = socket.create_connection(to, 5, (self.source, 0) if self.source else None)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            to = self.rest
            for a, b in (client, server), (server, client):
                threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    @staticmethod
    def pump(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Checks:
    def __init__(self, cluster, addresses, binaries, gate):
        self.cluster = cluster
        self.addresses = addresses
        self.binaries = binaries
        self.gate = gate
        self.hosts = ",".join(addresses.values())
        self.app = "user=app password=app-password dbname=postgres connect_timeout=5"

    def psql(self, conninfo, *statements, name=None, wait=True):
        command = [f"{self.binaries}/psql", "-AtXq", "-w", "-d", conninfo]
        for statement in statements:
            command += ["-c", statement]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 env={**os.environ, "PGAPPNAME": name or "check"}, start_new_session=True)
        if not wait:
            return child
        out, error = child.communicate(timeout=60)
        if child.returncode != 0:
            raise Failed(f"psql -d '{conninfo}' {statements}: {error.strip()}")
        return out.strip()

    def expect(self, wanted, got, what):
        if wanted != got:
            raise Failed(f"{what}: expected {wanted!r}, got {got!r}")
        print(f"clients: {what}", flush=True)

    def as_heir(self, address, port, statement):
        return self.psql(f"host={address} port={port} user=heir password={self.cluster.password} dbname=postgres "
                         "connect_timeout=5", statement)

    def directly(self, name, statement):
        """Of a host's database itself, from that host."""
        done = subprocess.run(self.cluster.hosts[name].enter + [f"{self.binaries}/psql", "-AtXq", "-w", "-d",
            f"host={self.addresses[name]} port=6433 user=heir dbname=postgres connect_timeout=5", "-c", statement],
            env={**os.environ, "PGPASSWORD": self.cluster.password}, capture_output=True, text=True, timeout=20)
        if done.returncode != 0:
            raise Failed(f"{statement} on {name}: {done.stderr.strip()}")
        return done.stdout.strip()

    def within(self, limit, what, condition):
        deadline = time.monotonic() + limit
        while not condition():
            if time.monotonic() > deadline:
                raise Failed(f"not within {limit} s: {what}")
            time.sleep(0.1)
        print(f"clients: {what}", flush=True)

    def run(self):
        self.primary = self.cluster.primary()
        self.many_hosts()
        self.tls()
        self.cancels()
        self.read_only_bound()
        self.half_open()

    def many_hosts(self):
        everywhere = f"host={self.hosts} {self.app} sslmode=disable"
        self.expect("f,t", self.psql(f"{everywhere} port={self.gate} target_session_attrs=read-write",
                                     "SELECT concat_ws(',', pg_is_in_recovery(), inet_client_addr() IS NULL)"),
                    "read-write finds the primary, whose gate reaches it by its Unix socket")
        for attributes in "read-only", "prefer-standby", "standby":
            self.within(20, f"{attributes} finds a standby by the read-only port", lambda: self.reads_from_standby(attributes))
        done = subprocess.run([f"{self.binaries}/pgbench", "-n", "-c", "4", "-t", "50", "-f", "-",
                               f"{everywhere} port={self.gate} target_session_attrs=read-write"],
                              input="SELECT count(*) FROM public.written;\n", capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise Failed(f"pgbench: {done.stderr}")
        self.expect(True, "processed: 200/200" in done.stdout, "pgbench takes many hosts")

    def reads_from_standby(self, attributes):
        try:
            return self.psql(f"host={self.hosts} {self.app} port={READ_ONLY} target_session_attrs={attributes}",
                             "SELECT pg_is_in_recovery()") == "t"
        except Failed:
            return False

    def tls(self):
        for port, attributes in (self.gate, "read-write"), (READ_ONLY, "standby"):
            self.expect("t", self.psql(f"host={self.hosts} {self.app} port={port} target_session_attrs={attributes} sslmode=require",
                                       "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"),
                        f"TLS passes port {port} ({attributes})")

    def cancelled_by_interrupt(self, conninfo, what):
        name = what.replace(" ", "-")
        child = self.psql(conninfo, "SELECT pg_sleep(60)", name=name, wait=False)
        self.within(10, f"{what}: it runs", lambda: self.count_of(name) == 1)
        began = time.monotonic()
        os.kill(child.pid, signal.SIGINT)
        _, error = child.communicate(timeout=30)
        self.expect(True, "canceling statement due to user request" in error and time.monotonic() - began < 10, f"{what}: it is cancelled")

    def count_of(self, name):
        return int(self.directly(self.primary, f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}'"))

    def cancels(self):
        gate = (self.addresses[self.primary], self.gate)
        at = f"host={gate[0]} port={gate[1]} {self.app}"
        self.cancelled_by_interrupt(f"{at} sslmode=disable", "a statement")
        self.cancelled_by_interrupt(f"{at} sslmode=require", "a statement over TLS")
        other = next(address for name, address in self.addresses.items() if name != self.primary)
        for mode in "disable", "require":
            forwarder = Forwarder(gate, (other, READ_ONLY))  # its other gate is closed, and refuses connections
            self.cancelled_by_interrupt(f"host=127.0.0.1 port={forwarder.port} {self.app} sslmode={mode}",
                                        f"a request that comes to another host, sslmode={mode}")

    def read_only_bound(self):
        standby = next(name for name in self.addresses if name != self.primary)
        at = f"host={self.addresses[standby]} port={READ_ONLY} {self.app}"
        read = lambda: self.try_read(at, "SELECT count(*) FROM public.written")
        count = lambda: self.as_heir(self.addresses[self.primary], self.gate, "SELECT count(*) FROM public.written")
        self.within(10, "a standby shows what the primary does", lambda: read() == count())
        self.directly(standby, "SELECT pg_wal_replay_pause()")
        try:
            self.as_heir(self.addresses[self.primary], self.gate, "INSERT INTO public.written VALUES (-1)")
            written = time.monotonic()
            last_read = written
            while time.monotonic() - written < MAX_LAG + 5:
                try:
                    asked = time.monotonic()
                    present = self.psql(at, "SELECT count(*) FROM public.written WHERE value = -1")
                    if present == "0":
                        last_read = asked
                except Failed as failure:
                    if f"within {MAX_LAG}s of the primary" in str(failure):
                        break
                    if "closed the connection" not in str(failure):  # it was cut in the middle
                        raise
                time.sleep(0.05)
            else:
                raise Failed("a standby that replays nothing is still read from")
            self.expect(True, last_read - written <= MAX_LAG, f"a standby that replays nothing is not read from after {MAX_LAG} s")
        finally:
            self.directly(standby, "SELECT pg_wal_replay_resume()")
        self.within(15, "it is again once it has caught up",
                    lambda: self.try_read(at, "SELECT count(*) FROM public.written WHERE value = -1") == "1")

    def try_read(self, at, statement):
        try:
            return self.psql(at, statement)
        except Failed:
            return None

    def half_open(self):
        subprocess.run(["ip", "address", "add", f"{SPARE_ADDRESS}/32", "dev", "bridge0"], check=True)
        forwarder = Forwarder((self.addresses[self.primary], self.gate), None, SPARE_ADDRESS)
        child = self.psql(f"host=127.0.0.1 port={forwarder.port} {self.app} sslmode=disable", "SELECT pg_sleep(300)",
                          name="half-open", wait=False)
        try:
            self.within(10, "a client is there", lambda: self.count_of("half-open") == 1 and self.gate_has_client(SPARE_ADDRESS))
            subprocess.run(["ip", "address", "del", f"{SPARE_ADDRESS}/32", "dev", "bridge0"], check=True)
            sleeping = self.directly(self.primary, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'half-open'")
            self.expect(("1", True), (sleeping, self.gate_has_client(SPARE_ADDRESS)), "it is gone, and nobody has told")
            self.within(3 * SILENCE_LIMIT, "the gate has cut it", lambda: not self.gate_has_client(SPARE_ADDRESS))
        finally:
            child.kill()
            child.wait()

    def gate_has_client(self, address):
        done = subprocess.run(self.cluster.hosts[self.primary].enter + ["ss", "-Htn", "state", "established", "dst", address],
                              capture_output=True, text=True, timeout=10, check=True)
        return bool(done.stdout.strip())
