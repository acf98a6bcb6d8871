"""The rows of the bench: each runs ours and its peer in turn and returns one result (contract: docs/BENCHMARKS.md)."""
import json
import os
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import bench
from bench import BIN, OUT, ROOT, VENV, Server

MODEL = OUT / "model"
JSON_HEADER = {"Content-Type": "application/json"}
INSTANCE = {"INSTANCE_ID": "ins_01BENCHBENCHBENCHBENCHBENC", "INSTANCE_SECRET": "5e" * 32}
OURS = {**JSON_HEADER, "X-Instance-Id": INSTANCE["INSTANCE_ID"], "X-Instance-Secret": INSTANCE["INSTANCE_SECRET"]}


def make_model():
    if not (MODEL / "body_100.json").exists():
        subprocess.run([VENV / "python", ROOT / "bench" / "models.py", MODEL], check=True)


def version(*packages) -> str:
    code = "import importlib.metadata as m,sys; print(', '.join(f'{p} {m.version(p)}' for p in sys.argv[1:]))"
    return subprocess.run([VENV / "python", "-c", code, *packages], capture_output=True, text=True, check=True).stdout.strip()


def serving(env=None) -> tuple[Server, str]:
    """The shipped serving runtime on a TCP port with authentication on, else default settings; returns it and its base URL."""
    make_model()
    folder = tempfile.mkdtemp(prefix="mo-bench-")
    port = bench.free_port()
    server = Server([BIN / "modelops-serving", f"SERVING_MODEL_DIR={MODEL}", f"SERVING_LISTEN=tcp:127.0.0.1:{port}"],
                    cwd=folder, log="serving.log", env={**INSTANCE, **(env or {})})
    return server, f"http://127.0.0.1:{port}"


def port_of(url) -> int:
    return int(url.rsplit(":", 1)[1])


def peer(module, env, wait=True) -> tuple[Server, str]:
    port = bench.free_port()
    server = Server([VENV / "python", "-m", "uvicorn", f"{module}:app", "--app-dir", ROOT / "bench" / "peers", "--port", port,
                     "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"],
                    env={"OMP_NUM_THREADS": "1", **env}, log=f"{module}.log")
    if wait:
        server.wait_http(f"http://127.0.0.1:{port}/healthz")
    return server, f"http://127.0.0.1:{port}"


def sample(server, url, body, headers):
    return lambda number: bench.load(server, url, body_file=body, headers=headers)


def direct(name, path, peer_paths, goal):
    """Direct call of the runtime against FastAPI: one row, c=16, CPU per request."""
    ours, url = serving()
    body = MODEL / "body_1.json"
    with ours:
        ours.wait_http(url + path, body=body.read_bytes(), headers=OURS)
        other, peer_url = peer("fastapi_predict", {"MODEL_PATH": str(MODEL / "model.json")})
        with other:
            samples = bench.alternate(sample(ours, url + path, body, OURS),
                                      {p: sample(other, f"{peer_url}/{p}", body, JSON_HEADER) for p in peer_paths})
    return bench.cpu_row(name, samples, version("fastapi", "uvicorn", "xgboost-cpu"), goal)


def warm_costs() -> dict:
    """System calls and allocations per direct predict at c=16 once the server is warm."""
    library = ROOT / "build" / "release" / "bench" / "libmalloc_count.so"
    subprocess.run(["ninja", "-C", ROOT / "build" / "release", "--quiet", "bench/libmalloc_count.so"], check=True)
    ours, url = serving()
    how = {"body_file": MODEL / "body_1.json", "headers": OURS}
    with ours:
        ours.wait_http(url + "/predict", body=how["body_file"].read_bytes(), headers=OURS)
        calls = ours.system_calls(lambda: bench.wrk(url + "/predict", **how)["requests"])
    ours, url = serving({"LD_PRELOAD": str(library)})
    counter = Path(ours.cwd) / "malloc-count"
    with ours:
        ours.wait_http(url + "/predict", body=how["body_file"].read_bytes(), headers=OURS)
        bench.wrk(url + "/predict", seconds=1, **how)
        before = int.from_bytes(counter.read_bytes(), "little")
        requests = bench.wrk(url + "/predict", **how)["requests"]
        after = int.from_bytes(counter.read_bytes(), "little")
    # Each wrk run opens 16 connections and wrk's first one to try: their memory is per connection, not per request.
    return {"system calls per request": round(calls, 3), "system calls, limit": 2.5,
            "mallocs in the run": after - before, "requests in the run": int(requests)}


def predict():
    result = direct("predict", "/predict", ["plain", "validated"], 30)
    result["detail"]["once warm, c=16"] = warm_costs()
    return result


def explain():
    return direct("explain", "/explain", ["explain"], 3)


def start():
    """Seconds from exec to the first answered predict."""
    make_model()
    body = (MODEL / "body_1.json").read_bytes()

    def ours(_):
        server, url = serving()
        with server:
            return {"ms": server.wait_reply(port_of(url), "/predict", body, OURS) * 1e3, **server.scheduled_ms()}

    def other(_):
        server, url = peer("fastapi_predict", {"MODEL_PATH": str(MODEL / "model.json")}, wait=False)
        with server:
            return {"ms": server.wait_reply(port_of(url), "/plain", body, JSON_HEADER) * 1e3, **server.scheduled_ms()}

    samples = bench.alternate(ours, {"peer": other})
    mine = bench.median(samples["ours"], "ms")
    result = bench.row("start", mine, bench.median(samples["peer"], "ms"), version("fastapi", "uvicorn", "xgboost-cpu"),
                       "ms to first 200", 1, bench.spread(samples["ours"], "ms"), {"limit_ms": 15, **bench.details(samples)})
    result["met"] = mine <= 15
    return result


def rss():
    """Resident memory after 1,000 predicts with a model of 100 trees."""
    ours, url = serving()
    body = MODEL / "body_1.json"
    with ours:
        ours.wait_http(url + "/predict", body=body.read_bytes(), headers=OURS)
        bench.wrk(url + "/predict", seconds=1, body_file=body, headers=OURS)
        mine = ours.rss_kib() / 1024
    other, peer_url = peer("fastapi_predict", {"MODEL_PATH": str(MODEL / "model.json")})
    with other:
        bench.wrk(peer_url + "/plain", seconds=1, body_file=body, headers=JSON_HEADER)
        theirs = other.rss_kib() / 1024
    idle = platform_idle()
    result = bench.row("rss", mine, theirs, version("fastapi", "uvicorn", "xgboost-cpu"), "MiB resident", 1, 0,
                       {"limit_mib": 6, "all programs of modelops up, idle": idle})
    result["met"] = mine <= 6 and idle["rss_mib"] <= idle["limit_mib"]
    return result


def platform_idle() -> dict:
    """Memory of every program of `modelops up` together, 3 s after it is ready, on empty data."""
    folder = tempfile.mkdtemp(prefix="mo-bench-")
    port = bench.free_port()
    up = Server([BIN / "modelops", "up", "--data", f"{folder}/data", "--port", port, "--auth", "demo"],
                env={"MODELOPS_REPO_ROOT": str(ROOT), "HOME": folder}, log="up.log")
    with up:
        up.wait_http(f"http://127.0.0.1:{port}/readyz")
        time.sleep(3)
        pids = bench.descendants(up.pid)
        return {"programs": len(pids), **bench.memory_mib(pids), "limit_mib": 60}


def post(url, body, headers):
    request = urllib.request.Request(url, data=json.dumps(body).encode(), headers={**JSON_HEADER, **headers})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def api(folder: Path) -> tuple[Server, str, dict]:
    """The shipped API on SQLite with keys; returns it, its URL and the headers of a tenant admin."""
    env = {"MODELOPS_DATA": str(folder)}
    admin = [BIN / "modelops-admin"]
    for secret in ("workload.key", "presign.key"):
        (folder / "secrets").mkdir(mode=0o700, exist_ok=True)
        (folder / "secrets" / secret).write_text(os.urandom(32).hex())
        (folder / "secrets" / secret).chmod(0o600)
    subprocess.run([*admin, "db", "migrate"], env={**os.environ, **env}, check=True, capture_output=True)
    key = subprocess.run([*admin, "key", "create", "--tenant", "platform", "--role", "platform_admin"],
                         env={**os.environ, **env}, check=True, capture_output=True, text=True).stdout.split()[-1]
    port = bench.free_port()
    server = Server([BIN / "modelops-api", f"PORT={port}", f"MODELOPS_DATA={folder}", f"MODELOPS_REPO_ROOT={ROOT}"],
                    log="api.log")
    url = f"http://127.0.0.1:{port}"
    server.wait_http(url + "/healthz")
    return server, url, {"Authorization": f"Bearer {key}"}


def crud(name, goal):
    folder = Path(tempfile.mkdtemp(prefix="mo-bench-"))
    (folder / "data").mkdir()
    ours, url, headers = api(folder / "data")
    body = folder / "body.json"
    body.write_text('{"name":"p%SEQ%"}')
    with ours:
        other, peer_url = peer("fastapi_crud", {"DATABASE_URL": f"sqlite:///{folder}/peer.db", "PEER_KEY": "bench-key"})
        peer_headers = {"Authorization": "Bearer bench-key"}
        with other:
            mine = post(url + "/v1/projects", {"name": "bench"}, headers)["id"]
            theirs = post(peer_url + "/sync/projects", {"name": "bench"}, peer_headers)["id"]

            def run(server, base, at, hdrs, tag):
                if name == "crud_get":
                    return lambda n: bench.load(server, f"{base}/{at}", headers=hdrs)
                return lambda n: bench.load(server, base, body_file=body, headers=hdrs, seq_prefix=f"{tag}{n}-")

            samples = bench.alternate(
                run(ours, url + "/v1/projects", mine, headers, "o"),
                {v: run(other, f"{peer_url}/{v}/projects", theirs, peer_headers, v) for v in ("sync", "async")})
    return bench.cpu_row(name, samples, version("fastapi", "sqlalchemy"), goal)


def engine(name, goal, kind):
    """The evaluator alone against XGBoost's C interface in one process, one thread each; predictions must have the same bits."""
    make_model()
    build = ROOT / "build" / "release"
    subprocess.run(["ninja", "-C", build, "--quiet", "bench/engine"], check=True)
    find = "import xgboost.libpath as l; print(l.find_lib_path()[0])"
    library = subprocess.run([VENV / "python", "-c", find], capture_output=True, text=True, check=True).stdout.strip()
    done = subprocess.run(["taskset", "-c", "0", build / "bench" / "engine", MODEL / "model.json", library, "7"], capture_output=True,
                          text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    result = json.loads(done.stdout)
    return bench.row(name, result[kind]["ours"], result[kind]["theirs"], version("xgboost-cpu"), "us CPU/row", goal,
                     result[kind]["spread"], {"same_bits": result["same_bits"]})


ROWS = {
    "predict": predict,
    "explain": explain,
    "start": start,
    "rss": rss,
    "engine_single": lambda: engine("engine_single", 12, "single"),
    "engine_batch": lambda: engine("engine_batch", 2, "batch"),
    "engine_explain": lambda: engine("engine_explain", 5, "explain"),
    "crud_get": lambda: crud("crud_get", 25),
    "crud_post": lambda: crud("crud_post", 15),
}
