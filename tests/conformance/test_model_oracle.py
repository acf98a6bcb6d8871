"""The model folder against XGBoost itself: newest xgboost-cpu and Debian's libxgboost 1.7.4, bit for bit.

Both libraries train models of every objective on iris, breast cancer, diabetes and random tables (missing values,
denormals, huge values) and predict; ours reads their files. Contributions agree within 1e-5 of the largest one of the
row and sum to the margin.
"""
# timeout: 600
import ctypes
import ctypes.util
import json
import subprocess

import numpy
import pytest
import sklearn.datasets
import xgboost

from lib import testprog

EVAL = testprog.path("model_eval")


def ours(mode, model, rows, dtype):
	done = subprocess.run([EVAL, mode, str(model)], input=numpy.ascontiguousarray(rows, numpy.float32).tobytes(),
		capture_output=True, check=False, timeout=120)
	assert done.returncode == 0, done.stderr.decode()
	return numpy.frombuffer(done.stdout, dtype)


class Newest:
	"""xgboost-cpu from PyPI."""

	name = "newest"

	@staticmethod
	def train(params, x, y, rounds, path):
		booster = xgboost.train(params, xgboost.DMatrix(x, y), rounds)
		booster.save_model(str(path))
		return booster

	@staticmethod
	def predict(booster, x):
		rows = xgboost.DMatrix(x)
		return (booster.predict(rows, output_margin=True), booster.predict(rows), booster.predict(rows, pred_contribs=True))


class Debian:
	"""libxgboost 1.7.4 through its C interface."""

	name = "debian"

	def __init__(self):
		self.lib = ctypes.CDLL(ctypes.util.find_library("xgboost") or "libxgboost.so.0")
		self.lib.XGBGetLastError.restype = ctypes.c_char_p

	def call(self, name, *args):
		if getattr(self.lib, name)(*args) != 0:
			raise AssertionError(self.lib.XGBGetLastError().decode())

	def matrix(self, x, y=None):
		x = numpy.ascontiguousarray(x, numpy.float32)
		handle = ctypes.c_void_p()
		self.call("XGDMatrixCreateFromMat", x.ctypes.data_as(ctypes.c_void_p), ctypes.c_uint64(x.shape[0]),
			ctypes.c_uint64(x.shape[1]), ctypes.c_float(float("nan")), ctypes.byref(handle))
		if y is not None:
			y = numpy.ascontiguousarray(y, numpy.float32)
			self.call("XGDMatrixSetFloatInfo", handle, b"label", y.ctypes.data_as(ctypes.c_void_p), ctypes.c_uint64(len(y)))
		return handle

	def train(self, params, x, y, rounds, path):
		data, booster = self.matrix(x, y), ctypes.c_void_p()
		self.call("XGBoosterCreate", ctypes.byref(data), ctypes.c_uint64(1), ctypes.byref(booster))
		for key, value in params.items():
			self.call("XGBoosterSetParam", booster, key.encode(), str(value).encode())
		for i in range(rounds):
			self.call("XGBoosterUpdateOneIter", booster, i, data)
		self.call("XGBoosterSaveModel", booster, str(path).encode())
		return booster

	def one(self, booster, data, kind):
		config = json.dumps({"type": kind, "training": False, "iteration_begin": 0, "iteration_end": 0, "strict_shape": False})
		shape, dim, out = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64(), ctypes.POINTER(ctypes.c_float)()
		self.call("XGBoosterPredictFromDMatrix", booster, data, config.encode(), ctypes.byref(shape), ctypes.byref(dim),
			ctypes.byref(out))
		sizes = [shape[i] for i in range(dim.value)]
		return numpy.ctypeslib.as_array(out, (int(numpy.prod(sizes)),)).copy().reshape(sizes)

	def predict(self, booster, x):
		data = self.matrix(x)
		return self.one(booster, data, 1), self.one(booster, data, 0), self.one(booster, data, 2)


LIBRARIES = [Newest(), Debian()]


def bits(values):
	return numpy.ascontiguousarray(values, numpy.float32).ravel().view(numpy.uint32)


def compare(library, booster, path, x, tolerance=1e-5, terms=1e-3):
	"""TERMS: size of the largest term that XGBoost adds in float on the way (a base score far from zero)."""
	margin, output, contributions = library.predict(booster, x)
	for mode in ("margin", "single"):
		mine = ours(mode, path, x, numpy.float32)
		assert numpy.array_equal(bits(mine), bits(margin)), "margins differ (%s)" % mode
	assert numpy.array_equal(bits(ours("output", path, x, numpy.float32)), bits(output)), "predictions differ"
	groups = margin.size // len(x)
	theirs = contributions.reshape(len(x) * groups, -1)
	mine = ours("contrib", path, x, numpy.float64).reshape(theirs.shape)
	scale = numpy.maximum(terms, numpy.abs(theirs).max(axis=1, keepdims=True))
	if tolerance:
		assert (numpy.abs(mine - theirs) <= tolerance * scale).all(), numpy.abs((mine - theirs) / scale).max()
	sums = mine.sum(axis=1)
	assert (numpy.abs(sums - margin.ravel()) <= 1e-5 * numpy.maximum(scale[:, 0], numpy.abs(sums))).all()


def table(seed, rows=600, width=7):
	"""Random columns with missing values; the target follows some of them."""
	rng = numpy.random.default_rng(seed)
	x = rng.normal(size=(rows, width)).astype(numpy.float32)
	x[:, 1] = numpy.round(x[:, 1] * 3)
	x[rng.random(x.shape) < 0.15] = numpy.nan
	return x, numpy.nan_to_num(x).sum(axis=1) + rng.normal(size=rows) * 0.3


def odd_rows(x, seed=5):
	"""Rows no training saw: denormals, zeros of both signs, the largest floats, everything missing."""
	rng = numpy.random.default_rng(seed)
	odd = x[:60].copy()
	values = numpy.array([0.0, -0.0, 1e-45, -1e-45, 1.1e-38, 3.4028235e38, -3.4028235e38, numpy.nan], numpy.float32)
	pick = rng.random(odd.shape) < 0.5
	odd[pick] = rng.choice(values, size=int(pick.sum()))
	odd[0] = numpy.nan
	return numpy.concatenate([x, odd])


def four(y):
	return numpy.clip(y, -1.9, 1.9).astype(int) + 1


OBJECTIVES = {
	"squarederror": ({"objective": "reg:squarederror"}, lambda y: y),
	"base_score": ({"objective": "reg:squarederror", "base_score": 123.456}, lambda y: y),
	"squaredlogerror": ({"objective": "reg:squaredlogerror"}, lambda y: abs(y)),
	"pseudohuber": ({"objective": "reg:pseudohubererror"}, lambda y: y),
	"absoluteerror": ({"objective": "reg:absoluteerror"}, lambda y: y),
	"reg_logistic": ({"objective": "reg:logistic"}, lambda y: y > 0),
	"logistic": ({"objective": "binary:logistic"}, lambda y: y > 0),
	"logistic_base": ({"objective": "binary:logistic", "base_score": 0.03}, lambda y: y > 0),
	"logistic_far": ({"objective": "binary:logistic", "eta": 3, "lambda": 0, "min_child_weight": 0}, lambda y: y > 0),
	"logitraw": ({"objective": "binary:logitraw"}, lambda y: y > 0),
	"hinge": ({"objective": "binary:hinge"}, lambda y: y > 0),
	"poisson": ({"objective": "count:poisson"}, lambda y: numpy.round(abs(y))),
	"gamma": ({"objective": "reg:gamma"}, lambda y: abs(y) + 0.1),
	"tweedie": ({"objective": "reg:tweedie"}, lambda y: abs(y)),
	"softprob": ({"objective": "multi:softprob", "num_class": 4}, four),
	"softmax": ({"objective": "multi:softmax", "num_class": 4}, four),
	"dart": ({"booster": "dart", "rate_drop": 0.3, "seed": 3}, lambda y: y),
	"dart_softprob": ({"booster": "dart", "rate_drop": 0.3, "objective": "multi:softprob", "num_class": 4}, four),
	"depth1": ({"max_depth": 1}, lambda y: y),
	"depth9": ({"max_depth": 9}, lambda y: y),
	"forest": ({"num_parallel_tree": 4, "subsample": 0.5, "eta": 1}, lambda y: y),
	"pruned": ({"tree_method": "exact", "gamma": 3, "max_depth": 8}, lambda y: y),
	"lossguide": ({"tree_method": "hist", "grow_policy": "lossguide", "max_depth": 0, "max_leaves": 90}, lambda y: y),
	"one_node": ({"gamma": 1e9}, lambda y: y),
	"rank_pairwise": ({"objective": "rank:pairwise"}, lambda y: y > 0),
	"rank_ndcg": ({"objective": "rank:ndcg"}, four),
	"rank_map": ({"objective": "rank:map"}, lambda y: y > 0),
	"rank_base": ({"objective": "rank:pairwise", "base_score": 2.5}, lambda y: y > 0),
	"cox": ({"objective": "survival:cox"}, lambda y: y + numpy.sign(y) * 0.1),
	"cox_base": ({"objective": "survival:cox", "base_score": 0.25}, lambda y: y + numpy.sign(y) * 0.1),
	"logitraw_base": ({"objective": "binary:logitraw", "base_score": 0.2}, lambda y: y > 0),
	"hinge_base": ({"objective": "binary:hinge", "base_score": 0.7}, lambda y: y > 0),
	"poisson_base": ({"objective": "count:poisson", "base_score": 1.5}, lambda y: numpy.round(abs(y))),
	"softprob_base": ({"objective": "multi:softprob", "num_class": 4, "base_score": 0.3}, four),
	"dart_base": ({"booster": "dart", "rate_drop": 0.3, "seed": 3, "base_score": 7.5}, lambda y: y),
	"dart_logistic_base": ({"booster": "dart", "rate_drop": 0.3, "seed": 3, "objective": "binary:logistic", "base_score": 0.1},
		lambda y: y > 0),
}


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda lib: lib.name)
@pytest.mark.parametrize("name", OBJECTIVES)
def test_random_table(tmp_path, library, name):
	params, label = OBJECTIVES[name]
	x, y = table(len(name))
	booster = library.train(dict({"nthread": 1, "seed": 7}, **params), x, label(y), 25, tmp_path / "model.json")
	compare(library, booster, tmp_path / "model.json", odd_rows(x), terms=max(1e-3, params.get("base_score", 0)))


REAL = {"iris": sklearn.datasets.load_iris, "breast_cancer": sklearn.datasets.load_breast_cancer,
	"diabetes": sklearn.datasets.load_diabetes}


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda lib: lib.name)
@pytest.mark.parametrize("name", REAL)
def test_every_row_of_real_tables(tmp_path, library, name):
	data = REAL[name]()
	params = {"iris": {"objective": "multi:softprob", "num_class": 3}, "breast_cancer": {"objective": "binary:logistic"},
		"diabetes": {"objective": "reg:squarederror"}}[name]
	x = data.data.astype(numpy.float32)
	booster = library.train(dict({"nthread": 1}, **params), x, data.target, 100, tmp_path / "model.json")
	compare(library, booster, tmp_path / "model.json", x)


@pytest.mark.parametrize("seed", range(10))
def test_random_shapes(tmp_path, seed):
	"""Width, depth, rounds and learning rate drawn at random; tens of thousands of rows each."""
	rng = numpy.random.default_rng(1000 + seed)
	x, y = table(seed, rows=500, width=int(rng.integers(1, 40)))
	params = {"max_depth": int(rng.integers(1, 10)), "eta": float(rng.uniform(0.05, 1)), "nthread": 1}
	booster = Newest.train(params, x, y, int(rng.integers(1, 80)), tmp_path / "model.json")
	many = odd_rows(numpy.tile(x, (40, 1)) * rng.normal(1, 0.2, size=(len(x) * 40, 1)).astype(numpy.float32))
	margin = booster.predict(xgboost.DMatrix(many), output_margin=True)
	assert numpy.array_equal(bits(ours("margin", tmp_path / "model.json", many, numpy.float32)), bits(margin))


def test_infinite_values_go_where_they_compare(tmp_path):
	"""XGBoost's own DMatrix refuses infinities, so the walk is checked against the split rule itself."""
	x, y = table(3)
	Newest.train({"max_depth": 4}, x, y, 10, tmp_path / "model.json")
	huge = x[:100].copy()
	huge[huge > 0.5], huge[huge < -0.5] = 3e38, -3e38
	infinite = huge.copy()
	infinite[huge == numpy.float32(3e38)], infinite[huge == numpy.float32(-3e38)] = numpy.inf, -numpy.inf
	assert numpy.array_equal(ours("margin", tmp_path / "model.json", huge, numpy.float32),
		ours("margin", tmp_path / "model.json", infinite, numpy.float32))


def test_deep_trees_sum_to_the_margin(tmp_path):
	"""20 levels: XGBoost's float recursion drifts; ours still sums to the margin."""
	rng = numpy.random.default_rng(9)
	x = rng.normal(size=(2000, 40)).astype(numpy.float32)
	booster = Newest.train({"max_depth": 20, "min_child_weight": 0, "lambda": 0}, x, rng.normal(size=2000), 10,
		tmp_path / "model.json")
	compare(Newest, booster, tmp_path / "model.json", x[:200], tolerance=1e-3)
