"""Parts of the bench: pinned processes, CPU per request, wrk, alternation. Standard library only."""
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "bench"
VENV = ROOT / "build" / "venv-bench" / "bin"
BIN = Path(os.environ.get("MODELOPS_BIN", ROOT / "build" / "bin"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SERVER_CORE, LOAD_CORE = "0", "1"
TICK = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """One program pinned to the server's core; stopped by its pid, with everything it started."""

    def __init__(self, argv, env=None, cwd=None, log="server.log"):
        OUT.mkdir(parents=True, exist_ok=True)
        self.started, self.cwd = time.monotonic(), cwd
        with open(OUT / log, "ab") as out:
            self.process = subprocess.Popen(
                ["taskset", "-c", SERVER_CORE, *map(str, argv)], cwd=cwd, stdout=out, stderr=out,
                env={**os.environ, **(env or {})}, start_new_session=True)
        self.pid = self.process.pid

    def wait_http(self, url, timeout=30.0, body=None, headers=None) -> float:
        """Seconds from exec to the first 2xx answer of URL."""
        while time.monotonic() - self.started < timeout:
            try:
                request = urllib.request.Request(url, data=body, headers=headers or {})
                with urllib.request.urlopen(request, timeout=2) as reply:
                    reply.read()
                    return time.monotonic() - self.started
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError(f"{self.process.args}: exited {self.process.returncode}; see {OUT}")
                time.sleep(0.001)
        raise RuntimeError(f"no answer from {url} in {timeout} s; see {OUT}")

    def wait_reply(self, port, path, body, headers, timeout=30.0) -> float:
        """Seconds from exec to the first 200 on a bare socket, tried without a pause: what start-up itself takes."""
        fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        text = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{fields}"
                f"Content-Length: {len(body)}\r\n\r\n").encode() + body
        while time.monotonic() - self.started < timeout:
            with socket.socket() as s:
                s.settimeout(timeout)
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    s.sendall(text)
                    if s.recv(64).startswith(b"HTTP/1.1 200"):
                        return time.monotonic() - self.started
        raise RuntimeError(f"no answer on port {port} in {timeout} s; see {OUT}")

    def cpu_seconds(self) -> float:
        """User and system time of the whole process, all threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def scheduled_ms(self) -> dict:
        """What all threads ran, and what they waited for the core because others had it."""
        stats = [task.joinpath("schedstat").read_text().split() for task in Path(f"/proc/{self.pid}/task").iterdir()]
        return {"cpu_ms": sum(int(s[0]) for s in stats) / 1e6, "wait_ms": sum(int(s[1]) for s in stats) / 1e6}

    def rss_kib(self) -> int:
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())[1])

    def system_calls(self, load) -> float:
        """System calls of all threads per request while LOAD, which returns the number of requests, runs."""
        report = OUT / "strace.txt"
        with subprocess.Popen(["strace", "-f", "-c", "-U", "calls,name", "-o", report, "-p", str(self.pid)],
                              stderr=subprocess.DEVNULL) as tracer:
            time.sleep(0.5)
            requests = load()
            tracer.send_signal(signal.SIGINT)
        return sum(int(n) for n in re.findall(r"^ *(\d+) +(?!total)\w", report.read_text(), re.M)) / requests

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def wrk(url, connections=16, seconds=None, body_file=None, headers=None, seq_prefix="x") -> dict:
    env = {**os.environ, "HEADERS": "\n".join(f"{k}: {v}" for k, v in (headers or {}).items()), "SEQ_PREFIX": seq_prefix}
    if body_file:
        env["BODY_FILE"] = str(body_file)
    argv = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds or SECONDS:g}s", "--timeout", "10s",
            "-s", str(ROOT / "bench" / "wrk" / "post.lua"), url]
    text = subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout
    found = re.search(r"RESULT (.*)", text)
    if not found:
        raise RuntimeError(f"wrk said: {text}")
    result = {k: float(v) for k, v in (pair.split("=") for pair in found[1].split())}
    if result["status_errors"] or result["socket_errors"] or not result["requests"]:
        raise RuntimeError(f"{url}: {text}")
    return result


def memory_mib(pids) -> dict:
    """Resident and proportional memory of PIDS together."""
    text = "".join(Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids)
    return {key.lower() + "_mib": round(sum(map(int, re.findall(rf"^{key}:\s+(\d+)", text, re.M))) / 1024, 1) for key in ("Rss", "Pss")}


def descendants(pid) -> list[int]:
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def load(server: Server, url, **how) -> dict:
    """CPU microseconds per request of SERVER while wrk loads URL, with req/s, p50 and p99 beside it."""
    before = server.cpu_seconds()
    result = wrk(url, **how)
    cpu = server.cpu_seconds() - before
    return {"cpu_us": cpu * 1e6 / result["requests"], "rps": result["requests"] * 1e6 / result["duration_us"],
            "p50_us": result["p50_us"], "p99_us": result["p99_us"]}


def alternate(ours, peers: dict, rounds=ROUNDS):
    """Runs ours and every peer in turn, ROUNDS times. Returns ours' and each peer's samples."""
    samples = {"ours": []} | {name: [] for name in peers}
    for number in range(rounds):
        samples["ours"].append(ours(number))
        for name, run in peers.items():
            samples[name].append(run(number))
    return samples


def median(samples, key):
    return statistics.median(s[key] for s in samples)


def spread(samples, key):
    values = [s[key] for s in samples]
    return (max(values) - min(values)) / statistics.median(values)


def machine() -> str:
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} cores, {model[1] if model else 'unknown'}, Linux {os.uname().release}"


def row(name, ours, peer, peer_version, unit, goal, spread_, detail=None, better="lower"):
    ratio = peer / ours if better == "lower" else ours / peer
    return {"row": name, "ours": round(ours, 3), "peer": round(peer, 3), "peer_version": peer_version, "unit": unit,
            "ratio": round(ratio, 3), "goal": goal, "met": ratio >= goal, "spread": round(spread_, 3),
            "machine": machine(), "rounds": ROUNDS, "detail": detail or {}}


def details(samples) -> dict:
    return {who: {key: round(median(samples[who], key), 1) for key in samples[who][0]} for who in samples}


def cpu_row(name, samples, peer_version, goal):
    """A row in CPU per request against the fastest of the peers' variants."""
    best = min((p for p in samples if p != "ours"), key=lambda p: median(samples[p], "cpu_us"))
    return row(name, median(samples["ours"], "cpu_us"), median(samples[best], "cpu_us"),
               f"{peer_version}, variant {best}", "us CPU/request", goal, spread(samples["ours"], "cpu_us"), details(samples))


def write_json(path: Path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")
