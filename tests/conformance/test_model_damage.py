"""Damaged model files: 50 kinds of damage, several places each. No crash, no hang, nothing accepted that is out of range.

Each file goes to the test program (in the sanitizer build a bad read ends it). It must be refused with one clear line,
except kinds that are marked as harmless, which must load and evaluate.
"""
# timeout: 600
import json
import os
import random
import re
import resource
import subprocess

import numpy
import pytest
import xgboost

from lib import testprog

EVAL = testprog.path("model_eval")
SEEDS = int(os.environ.get("MODELOPS_DAMAGE_SEEDS", "4"))
SANITIZED = "asan" in EVAL or "tsan" in EVAL


@pytest.fixture(scope="module")
def models():
	"""Texts of three sound models: regression, three classes, dart."""
	rng = numpy.random.default_rng(1)
	x = rng.normal(size=(300, 5)).astype(numpy.float32)
	texts = []
	for params, y in (({}, x[:, 0] * x[:, 1]), ({"objective": "multi:softprob", "num_class": 3}, rng.integers(0, 3, 300)),
			({"booster": "dart", "rate_drop": 0.5}, x[:, 2])):
		booster = xgboost.train(dict({"max_depth": 4, "nthread": 1}, **params), xgboost.DMatrix(x, y, feature_names=list("abcde")), 4)
		texts.append(booster.save_raw("json").decode())
	return texts


def booster_of(doc):
	booster = doc["learner"]["gradient_booster"]
	return booster.get("gbtree", booster)["model"]


def a_tree(doc, rnd):
	return rnd.choice([t for t in booster_of(doc)["trees"] if len(t["left_children"]) > 6])


def a_split(tree, rnd):
	return rnd.choice([i for i, left in enumerate(tree["left_children"]) if left != -1])


def put(name, make):
	"""Sets one entry of a split's array to make(rnd, tree, node)."""
	def damage(doc, rnd):
		tree = a_tree(doc, rnd)
		node = a_split(tree, rnd)
		tree[name][node] = make(rnd, tree, node)
	return damage


def in_tree(change):
	def damage(doc, rnd):
		change(a_tree(doc, rnd), rnd)
	return damage


def parent_cycle(tree, rnd):
	"""A child points back at an ancestor, parents made to agree."""
	node = a_split(tree, rnd)
	deep = [i for i in range(1, len(tree["parents"])) if tree["left_children"][i] != -1]
	node = rnd.choice(deep)
	tree["left_children"][node] = tree["parents"][node]
	tree["parents"][tree["parents"][node]] = node


def swap_arrays(tree, _rnd):
	tree["left_children"], tree["split_conditions"] = tree["split_conditions"], tree["left_children"]


def shared_child(tree, rnd):
	splits = [i for i, left in enumerate(tree["left_children"]) if left != -1]
	one, other = rnd.sample(splits, 2)
	tree["left_children"][one] = tree["left_children"][other]


def shorten(name):
	return in_tree(lambda tree, rnd: tree[name].pop(rnd.randrange(len(tree[name]))))


def lengthen(name):
	return in_tree(lambda tree, rnd: tree[name].append(0))


def param(where, name, values):
	def damage(doc, rnd):
		target = doc["learner"]
		for key in where:
			target = target[key] if key != "MODEL" else booster_of(doc)
		target[name] = rnd.choice(values)
	return damage


def text(change):
	change.on_text = True
	return change


def drop(path):
	def damage(doc, rnd):
		target = doc
		for key in path[:-1]:
			target = booster_of(doc) if key == "MODEL" else a_tree(doc, rnd) if key == "TREE" else target[key]
		del target[path[-1]]
	return damage


ARRAYS = ("left_children", "right_children", "parents", "split_indices", "split_conditions", "default_left", "sum_hessian",
	"base_weights", "loss_changes")
HUGE = 2**31 - 1

KINDS = {
	"left child past the end": put("left_children", lambda r, t, n: len(t["parents"]) + r.randrange(5)),
	"right child past the end": put("right_children", lambda r, t, n: len(t["parents"]) + r.randrange(5)),
	"child huge": put("left_children", lambda r, t, n: HUGE),
	"child past 32 bits": put("left_children", lambda r, t, n: 2**32 + t["left_children"][n]),
	"child negative": put("right_children", lambda r, t, n: -r.randrange(2, 9)),
	"one child missing": put("left_children", lambda r, t, n: -1),
	"child is the root": put("left_children", lambda r, t, n: 0),
	"child is itself": put("left_children", lambda r, t, n: n),
	"both children the same": put("left_children", lambda r, t, n: t["right_children"][n]),
	"cycle": in_tree(parent_cycle),
	"two parents": in_tree(shared_child),
	"parents disagree": put("parents", lambda r, t, n: len(t["parents"]) - 1),
	"feature past the end": put("split_indices", lambda r, t, n: 5 + r.randrange(9)),
	"feature huge": put("split_indices", lambda r, t, n: HUGE),
	"feature negative": put("split_indices", lambda r, t, n: -1),
	"threshold not a number": put("split_conditions", lambda r, t, n: float("nan")),
	"threshold infinite": put("split_conditions", lambda r, t, n: float("inf")),
	"threshold past float": put("split_conditions", lambda r, t, n: 1e300),
	"threshold is text": put("split_conditions", lambda r, t, n: "0.5"),
	"threshold is null": put("split_conditions", lambda r, t, n: None),
	"threshold is an array": put("split_conditions", lambda r, t, n: [0.5]),
	"index is a fraction": put("left_children", lambda r, t, n: 1.5),
	"index is text": put("left_children", lambda r, t, n: "1"),
	"cover negative": put("sum_hessian", lambda r, t, n: -1.0),
	"cover not a number": put("sum_hessian", lambda r, t, n: float("nan")),
	"default_left is 7": put("default_left", lambda r, t, n: 7),
	"categorical split": put("split_type", lambda r, t, n: 1),
	"categories listed": in_tree(lambda t, r: t["categories"].append(1)),
	"arrays swapped": in_tree(swap_arrays),
	"num_nodes too large": in_tree(lambda t, r: t["tree_param"].update(num_nodes=str(r.choice([HUGE, len(t["parents"]) + 1])))),
	"num_nodes too small": in_tree(lambda t, r: t["tree_param"].update(num_nodes=str(r.choice([0, 1, len(t["parents"]) - 1])))),
	"num_nodes is text": in_tree(lambda t, r: t["tree_param"].update(num_nodes=r.choice(["", "x", "-1", "1e2", " 5", "99999999999999999999"]))),
	"num_deleted lies": in_tree(lambda t, r: t["tree_param"].update(num_deleted="2")),
	"vector leaf": in_tree(lambda t, r: t["tree_param"].update(size_leaf_vector="3")),
	"tree ids swapped": in_tree(lambda t, r: t.update(id=t["id"] + 1)),
	"num_trees lies": param(["MODEL", "gbtree_model_param"], "num_trees", ["0", "1", "99", str(HUGE), "-1", "4294967300"]),
	"num_class lies": param(["learner_model_param"], "num_class", ["2", "4", "999", str(HUGE), "-3", ""]),
	"num_feature too small": param(["learner_model_param"], "num_feature", ["0", "1", "4", ""]),
	"num_feature too large": param(["learner_model_param"], "num_feature", ["6", "70000", str(2**32 + 5)]),
	"num_target": param(["learner_model_param"], "num_target", ["2", "1000"]),
	"base_score": param(["learner_model_param"], "base_score", ["", "x", "nan", "inf", "[", "[]", "[1", "1]", "[1,2]", "[1,2,3,4]", "1e999", "1 2", "[1,,2]"]),
	"objective unknown": param(["objective"], "name", ["", "reg:magic", "multi:softprob\u0000", "rank:unknown"]),
	"objective of another kind": param(["objective"], "name", ["survival:aft", "reg:quantileerror"]),
	"booster unknown": param(["gradient_booster"], "name", ["gblinear", "", "GBTREE"]),
	"group past the end": param(["MODEL"], "tree_info", [[9] * 4, [0], [], [-1, 0, 0, 0], "x", [0.5] * 4]),
	"indptr lies": param(["MODEL"], "iteration_indptr", [[0, 1], [0, 9, 4], [1, 2], [0, -1]]),
	"names of wrong number": param([], "feature_names", [["a"], list("abcdef"), [1, 2, 3, 4, 5], list("aabcd"), "abcde"]),
	"weights of wrong number": param(["gradient_booster"], "weight_drop", [[1.0], [1.0] * 5, "x", [None] * 4]),
	"version": lambda doc, rnd: doc.update(version=rnd.choice([[], [1], [0, 8, 0], "1.7.4", [1, 7, -4], [3, 2, 0, 0]])),
	"no trees": drop(["learner", "MODEL", "trees"]),
	"no tree_info": drop(["learner", "MODEL", "tree_info"]),
	"no learner": drop(["learner"]),
	"no objective": drop(["learner", "objective"]),
	"trees emptied": lambda doc, rnd: booster_of(doc).update(trees=[]),
	"tree is null": lambda doc, rnd: booster_of(doc)["trees"].__setitem__(rnd.randrange(4), rnd.choice([None, 5, [], {}, "t"])),
	"truncated": text(lambda t, rnd: t[:rnd.randrange(len(t))]),
	"empty": text(lambda t, rnd: rnd.choice(["", " ", "\n\n"])),
	"200,000 deep": text(lambda t, rnd: rnd.choice(["[" * 200000, '{"learner":' * 200000, t.replace('"attributes":{}', '"attributes":' + "[" * 200000, 1)])),
	"bytes behind the end": text(lambda t, rnd: t + rnd.choice(["}", "x", "{}", "\x00"])),
	"member twice": text(lambda t, rnd: t.replace('"tree_info":', '"tree_info":[],"tree_info":', 1)),
	"trees twice": text(lambda t, rnd: re.sub(r'"trees":\[', '"trees":[],"trees":[', t, count=1)),
	"not json": text(lambda t, rnd: rnd.choice(["binf" + t, "<xml/>", "PK\x03\x04", "\x80\x04\x95", "{L\x00\x00"])),
	"comma doubled": text(lambda t, rnd: t.replace(",", ",,", 1)),
	"array never ends": text(lambda t, rnd: t[:t.index('"left_children":[') + 17] + "1," * 100000),
}
for array in ARRAYS:
	KINDS["short " + array] = shorten(array)
	KINDS["long " + array] = lengthen(array)
KINDS["all arrays gone"] = in_tree(lambda t, r: [t.pop(name) for name in ARRAYS])


def damaged(models, kind, seed):
	rnd = random.Random("%s %d" % (kind, seed))
	change = KINDS[kind]
	source = rnd.choice(models[2:] if kind.startswith("weights") else models[:2] if kind == "booster unknown" else models)
	if getattr(change, "on_text", False):
		return change(source, rnd)
	doc = json.loads(source)
	change(doc, rnd)
	return json.dumps(doc, separators=(",", ":"))


def limits():
	resource.setrlimit(resource.RLIMIT_CPU, (10, 10))


def load(path):
	return subprocess.run([EVAL, "load", str(path)], capture_output=True, text=True, errors="replace", check=False, timeout=30,
		preexec_fn=limits)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_damage_is_refused(models, tmp_path, kind):
	for seed in range(SEEDS):
		path = tmp_path / ("model%d.json" % seed)
		path.write_text(damaged(models, kind, seed), encoding="utf-8", errors="surrogateescape")
		done = load(path)
		assert done.returncode == 3, "seed %d: status %d %s" % (seed, done.returncode, done.stderr[-2000:])
		assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1, done.stderr


def test_sound_models_load(models, tmp_path):
	"""The damage is what is refused, not the models."""
	for number, source in enumerate(models):
		path = tmp_path / ("sound%d.json" % number)
		path.write_text(json.dumps(json.loads(source), indent=2), encoding="utf-8")
		assert load(path).returncode == 0


def test_random_bytes_never_crash(models, tmp_path):
	"""Single bytes changed anywhere: refused, or loaded and evaluated without a bad read."""
	rows = numpy.random.default_rng(2).normal(size=(20, 5)).astype(numpy.float32).tobytes()
	rnd = random.Random(4)
	path = tmp_path / "model.json"
	for _ in range(60 * SEEDS):
		data = bytearray(rnd.choice(models).encode())
		for _ in range(rnd.randrange(1, 4)):
			data[rnd.randrange(len(data))] = rnd.choice(b'0123456789-,.[]{}"eE:x\x00\xff')
		path.write_bytes(data)
		for mode in ("margin", "contrib"):
			done = subprocess.run([EVAL, mode, str(path)], input=rows, capture_output=True, check=False, timeout=30)
			assert done.returncode in (0, 3), done.stderr.decode(errors="replace")[-2000:]


def test_memory_stays_below_four_files(models, tmp_path):
	"""A large sound model and files made to be costly: peak memory <= 4 x file + 8 MB."""
	rng = numpy.random.default_rng(3)
	x = rng.normal(size=(20000, 8)).astype(numpy.float32)
	booster = xgboost.train({"max_depth": 9, "nthread": 1}, xgboost.DMatrix(x, rng.normal(size=20000)), 60)
	booster.save_model(str(tmp_path / "large.json"))
	tree = '{"learner":{"gradient_booster":{"model":{"gbtree_model_param":{"num_trees":"1"},"trees":[{"%s":[' + "1," * 3000000
	(tmp_path / "costly1.json").write_text(tree % "left_children")
	(tmp_path / "costly2.json").write_text(tree % "base_weights" + "1]}")
	for name in ("large", "costly1", "costly2"):
		path = tmp_path / (name + ".json")
		done = subprocess.run([EVAL, "memory", str(path)], capture_output=True, text=True, check=False, timeout=30)
		assert done.returncode in (0, 3)
		peak = int(done.stdout.split()[0]) * 1024
		if not SANITIZED:
			assert peak <= 4 * path.stat().st_size + (8 << 20), "%s: %d for %d" % (name, peak, path.stat().st_size)


def test_there_are_enough_kinds():
	assert len(KINDS) >= 40
