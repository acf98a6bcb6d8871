"""Each checker of `make verify` passes a good tree and fails one with a single bad example, naming the place."""
import os
import subprocess

import pytest

from lib import proc

GOOD = {
	"src/modelops/json/dom.h": "/* A document. */\n#ifndef MODELOPS_JSON_DOM_H\n#define MODELOPS_JSON_DOM_H\n\n"
		"#include \"modelops/base/err.h\"\n\nint dom_size(struct mo_err *err);\n\n#endif\n",
	"src/modelops/json/dom.c": "/* A document. */\n#include \"modelops/json/dom.h\"\n\n#include <jansson.h>\n"
		"#include <sys/stat.h>\n\nint dom_size(struct mo_err *err)\n{\n\t(void)err;\n\treturn 0;\n}\n",
	"src/modelops/json/README.md": "# json\n",
	"src/modelops/base/err.h": "/* Errors. */\n#ifndef MODELOPS_BASE_ERR_H\n#define MODELOPS_BASE_ERR_H\n\n"
		"struct mo_err {\n\tint code;\n};\n\n#endif\n",
	"src/modelops/base/README.md": "# base\n",
	"apps/api/main.c": "/* The door. */\n#include \"modelops/json/dom.h\"\n\n#include \"apps/api/routes.h\"\n\n"
		"int main(void)\n{\n\treturn routes() + dom_size(NULL);\n}\n",
	"apps/api/routes.h": "/* Routes. */\n#ifndef MODELOPS_API_ROUTES_H\n#define MODELOPS_API_ROUTES_H\n\n"
		"#include <stddef.h>\n\nint routes(void);\n\n#endif\n",
	"apps/api/README.md": "# api\n",
}


def write_tree(folder, extra):
	for name, text in {**GOOD, **extra}.items():
		if text is None:
			continue
		path = folder / name
		path.parent.mkdir(parents=True, exist_ok=True)
		path.write_text(text)
	return folder


def check(tool, tree):
	done = subprocess.run([os.path.join(proc.ROOT, "tools", tool), str(tree)], capture_output=True, text=True,
		timeout=60, check=False)
	return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("tool", ["check-style", "check-format", "check-headers", "check-deps"])
def test_good_tree_passes(tmp_path, tool):
	status, out = check(tool, write_tree(tmp_path, {}))
	assert status == 0, out


def body(statement):
	return "/* Example. */\n#include <string.h>\n\nint example(char *a)\n{\n\t%s\n\treturn !a;\n}\n" % statement


BANNED = ("strcpy strcat sprintf vsprintf gets strtok atoi atol atof strncpy alloca rand srand system popen setjmp "
	"longjmp").split()
X = "src/modelops/json/x.c"
STYLE = [(X, body("%s(a);" % name), "x.c:6: %s() is banned" % name) for name in BANNED] + [
	(X, body("getenv(a);"), "x.c:6: getenv() outside of base/config.c"),
	(X, body("secure_getenv(a);"), "x.c:6: secure_getenv() outside"),
	(X, body("a++; // next"), "x.c:6: // comment"),
	(X, body("a++;").replace("\ta++", "        a++"), "x.c:6: indented with blanks"),
	(X, body("a++; /* TO" + "DO later */"), "x.c:6: unfinished"),
	(X, body("mo_autobuf struct mo_buf b;\n\tif (a)\n\t\treturn 1;\n\tmo_buf_init(&b, 1);"), "x.c:6: 'b' may be cleaned up before"),
	(X, body("mo_autobuf struct mo_buf b, c;\n\tmo_buf_init(&b, 1);\n\tif (a)\n\t\treturn 1;"), "x.c:6: 'c' may be cleaned up before"),
	(X, body("typedef struct t t_t;"), "x.c:6: no typedef for structs"),
	(X, "#include <stdio.h>\n", "x.c:1: the first thing is no comment"),
	(X, body("a++;" + "\n\ta++;" * 98), "x.c:5: example() has 102 lines; at most 100"),
	(X, "/* Long. */\n" + "extern int a;\n" * 800, "x.c:1: 801 lines; at most 800"),
	("src/modelops/json/y.h", "/* Y. */\n#ifndef MODELOPS_JSON_Y_H\n#define MODELOPS_JSON_Y_H\n" + "extern int a;\n" * 147 +
		"#endif\n", "y.h:1: 151 lines; at most 150"),
	("src/modelops/json/y.h", "/* Y. */\n#ifndef JSON_Y\n#define JSON_Y\n#endif\n", "no header guard MODELOPS_..._JSON_Y_H"),
	("src/modelops/json/y.h", "/* Y. */\n#pragma once\n", "no header guard MODELOPS_..._JSON_Y_H"),
	("tools/helper.py", "import os\n", "tools/helper.py:1: the first thing is no comment"),
	("tools/helper", "#!/bin/bash\nset -e\n", "tools/helper:1: the first thing is no comment"),
]


@pytest.mark.parametrize("name,text,finding", STYLE, ids=[s[2] for s in STYLE])
def test_style_finds(tmp_path, name, text, finding):
	status, out = check("check-style", write_tree(tmp_path, {name: text}))
	assert status == 1 and finding in out, out
	assert "1 finding" in out


def test_style_allows_what_only_looks_bad(tmp_path):
	text = body('a = "system(strcpy)"; /* atoi(a) */ table.system(a); mo_rand(a); mo_autobuf struct mo_buf b;\n\tmo_buf_init(&b, 1);\n\tchar *url = "http://x";')
	extra = {X: text, "src/modelops/base/config.c": body("getenv(a);"),
		"src/modelops/json/big_table.c": "/* Data. */\n" + "extern int a;\n" * 900}
	status, out = check("check-style", write_tree(tmp_path, extra))
	assert status == 0, out


def test_format_finds_an_unformatted_file(tmp_path):
	status, out = check("check-format", write_tree(tmp_path, {X: "/* X. */\nint   x( void );\n"}))
	assert status == 1 and "src/modelops/json/x.c: not formatted" in out


def test_format_fix_mends_it(tmp_path):
	write_tree(tmp_path, {X: "/* X. */\nint   x( void );\n"})
	subprocess.run([os.path.join(proc.ROOT, "tools", "check-format"), "--fix", str(tmp_path)], check=True)
	assert (tmp_path / X).read_text() == "/* X. */\nint x(void);\n"
	assert check("check-format", tmp_path)[0] == 0


def test_headers_finds_one_that_needs_another_first(tmp_path):
	text = "/* Y. */\n#ifndef MODELOPS_JSON_Y_H\n#define MODELOPS_JSON_Y_H\n\nsize_t y(void);\n\n#endif\n"
	status, out = check("check-headers", write_tree(tmp_path, {"src/modelops/json/y.h": text}))
	assert status == 1 and "src/modelops/json/y.h: does not compile alone" in out


def test_sql_finds_values_in_the_text(tmp_path):
	bad = '/* X. */\nint x(int n)\n{\n\treturn db("ORDER BY id LIMIT %lld", n);\n}\n'
	good = '/* Y. */\nint y(int n)\n{\n\treturn db("SELECT %s FROM x LIMIT ?%zu", n);\n}\n'
	status, out = check("check-sql", write_tree(tmp_path, {"src/modelops/store/x.c": bad, "src/modelops/store/y.c": good}))
	assert status == 1 and "x.c: a value is printed into 'ORDER BY id LIMIT %lld'" in out and "y.c" not in out


def test_sql_finds_words_of_one_database(tmp_path):
	bad = '/* X. */\nint x(void)\n{\n\treturn db("SELECT 1 FOR UPDATE");\n}\n'
	good = '/* Y. */\nint y(void)\n{\n\treturn db(db_is_sqlite(tx) ? "SELECT 1" : "SELECT 1 FOR UPDATE");\n}\n'
	tree = write_tree(tmp_path, {"src/modelops/store/x.c": bad, "src/modelops/store/y.c": good})
	status, out = check("check-sql", tree)
	assert status == 1 and "x.c: 'FOR UPDATE' is known to one database only" in out and "y.c" not in out
	(tmp_path / "src/modelops/store/x.c").unlink()
	status, out = check("check-sql", tree)
	assert status == 0 and "1 queries have a Postgres text of their own" in out


def includes(line):
	return "/* X. */\n%s\n" % line


DEPS = [
	(X, includes('#include "modelops/store/store.h"'), "x.c:2: json may not include modelops/store/store.h"),
	("src/modelops/base/x.c", includes('#include "modelops/json/dom.h"'), "x.c:2: base may not include modelops/json/dom.h"),
	(X, includes('#include "dom.h"'), 'x.c:2: write "modelops/<folder>/<file>.h"'),
	(X, includes('#include "../base/err.h"'), 'x.c:2: write "modelops/<folder>/<file>.h"'),
	(X, includes("#include <openssl/evp.h>"), "x.c:2: json may not include <openssl/evp.h>"),
	(X, includes("#include <modelops/base/err.h>"), "x.c:2: json may not include <modelops/base/err.h>"),
	(X, includes('#include "apps/api/routes.h"'), 'x.c:2: write "modelops/<folder>/<file>.h"'),
	("src/modelops/domain/x.c", includes('#include "modelops/crypto/random.h"'), "x.c:2: domain may not include"),
	("apps/agent/x.c", includes('#include "apps/api/routes.h"'), 'x.c:2: apps/agent may not include "apps/api/routes.h"'),
	("apps/agent/x.c", includes('#include "../api/routes.h"'), 'x.c:2: apps/agent may not include "../api/routes.h"'),
	("apps/api/x.c", includes('#include "modelops/kube/job.h"'), "x.c:2: apps/api may not include modelops/kube/job.h"),
	("apps/workloads/serving/x.c", includes('#include "modelops/httpc/httpc.h"'),
		"x.c:2: apps/workloads/serving may not include modelops/httpc/httpc.h"),
	("apps/api/x.c", includes("#include <sqlite3.h>"), "x.c:2: apps/api may not include <sqlite3.h>"),
	("src/modelops/misc/x.c", includes("#include <stdio.h>"), "x.c:1: folder misc has no row"),
	("apps/workloads/serving/meson.build", "# main\nexecutable('s', dependencies: [base_dep, store_dep])\n",
		"meson.build:2: apps/workloads/serving may not link store_dep"),
	("src/modelops/json/meson.build", "json_dep = declare_dependency(dependencies: [http_dep])\n",
		"meson.build:1: json may not link http_dep"),
	("tools/layers.txt", "json: base\nbase:\n", "json names base, which is no row above it"),
]


@pytest.mark.parametrize("name,text,finding", DEPS, ids=[d[2] for d in DEPS])
def test_deps_finds(tmp_path, name, text, finding):
	tree = write_tree(tmp_path, {name: text, os.path.dirname(name) + "/README.md": "# x\n"})
	status, out = check("check-deps", tree)
	assert status == 1 and finding in out, out


def test_deps_wants_a_readme_in_every_folder(tmp_path):
	write_tree(tmp_path, {})
	(tmp_path / "apps/api/README.md").unlink()
	status, out = check("check-deps", tmp_path)
	assert status == 1 and "apps/api: no README.md" in out and "1 finding" in out


def generator(tmp_path, text):
	path = tmp_path / "tools" / "gen-doc"
	path.parent.mkdir()
	path.write_text("#!/bin/sh\n" + text)
	path.chmod(0o755)
	return tmp_path


def test_generated_passes_when_generators_say_so(tmp_path):
	status, out = check("check-generated", generator(tmp_path, 'test "$1" = --check\n'))
	assert status == 0 and "1 generators" in out


def test_generated_finds_a_stale_file(tmp_path):
	status, out = check("check-generated", generator(tmp_path, "echo docs/X.md differs; exit 1\n"))
	assert status == 1 and "tools/gen-doc: not current" in out and "docs/X.md differs" in out


def test_generated_without_generators_fails(tmp_path):
	assert check("check-generated", tmp_path)[0] == 1
