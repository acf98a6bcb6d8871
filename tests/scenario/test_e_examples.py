"""docs/API_EXAMPLES.md holds: every shell block runs, in order, against an empty installation."""
import os
import re
import subprocess

from lib import pg, proc

# databases: sqlite postgres
# timeout: 240


def price_plan(url, tmp_path):
	"""The document assumes a default price plan; an empty installation has none until an operator makes one."""
	path = tmp_path / "plan.json"
	path.write_text('{"name":"t","currency":"EUR","is_default":true,"rules":[{"metric":"predict_requests","price_micro":100000,'
		'"per_quantity":1000000,"unit_label":"million requests"}]}')
	env = {"MODELOPS_URL": url, "HOME": "/nonexistent", "MODELOPS_ACTOR": "admin|tenant=platform|role=admin"}
	listed = proc.run("modelops", "price-plan", "list", "-o", "json", env=env)
	if '"is_default": true' not in listed.stdout:
		assert proc.run("modelops", "price-plan", "create", path, env=env).returncode == 0


def test_every_example_runs(tmp_path):
	with open(os.path.join(proc.ROOT, "docs", "API_EXAMPLES.md"), encoding="utf-8") as f:
		blocks = re.findall(r"^```sh\n(.*?)^```", f.read(), re.M | re.S)
	assert len(blocks) >= 8
	port = proc.free_port()
	with pg.settings() as database, proc.Program("modelops", "up", "--data", tmp_path / "data", "--port", port, "--auth", "demo",
			env={"HOME": str(tmp_path), "MODELOPS_REPO_ROOT": proc.ROOT, **database}) as up:
		up.wait_for_log("ready after", 60)
		url = re.search(r"^api +(\S+)", up.log(), re.M).group(1)
		price_plan(url, tmp_path)
		env = proc.clean_environment({"MODELOPS_URL": url, "HOME": str(tmp_path)})
		env["PATH"] = proc.BIN + ":" + env["PATH"]
		script = "set -eu\n" + "\n".join('echo "### block %d" >&2\n%s' % (i, block) for i, block in enumerate(blocks))
		done = subprocess.run(["bash", "-c", script], cwd=proc.ROOT, env=env, capture_output=True, text=True, timeout=180,
			check=False)
		assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
		assert "setosa" in done.stdout and "how each amount came about" in done.stdout
		assert "kind: ConfigMap" in done.stdout and "round 1 of" in done.stdout
