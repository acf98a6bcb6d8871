/* Registry: text of every type, escaping, interning, the bound on series, removal, speed of
 * rendering. */
#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/obs/obs.h"

#include <stdio.h>
#include <string.h>

#include "../unit.h"

static const int64_t bounds[] = { 1000, 50000, 2000000 };

static const struct obs_decl decls[] = {
	{ .name = "c_total",
		.type = OBS_COUNTER,
		.help = "A \\ and\nnewline.",
		.labels = "who what",
		.max_series = 2 },
	{ .name = "g", .type = OBS_GAUGE, .help = "Gauge." },
	{ .name = "h_seconds",
		.type = OBS_HISTOGRAM,
		.help = "Time.",
		.labels = "r",
		.scale = 1e-6,
		.buckets = bounds,
		.nbuckets = 3 },
};
enum { C, G, H };

static struct obs *make(struct obs_family **f)
{
	struct obs *o;

	assert_int_equal(obs_new(&o, NULL), 0);
	assert_int_equal(obs_declare(o, decls, MO_COUNT(decls), f, NULL), 0);
	return o;
}

static void render(struct obs *o, struct mo_buf *b)
{
	mo_buf_reset(b);
	assert_int_equal(obs_render(o, b, NULL), 0);
}

static void test_common_labels_stand_first(void **state)
{
	struct obs_family *f[3];
	struct obs *o;
	mo_autobuf struct mo_buf b;

	mo_buf_init(&b, 1 << 20);
	assert_int_equal(obs_new(&o, NULL), 0);
	assert_int_equal(obs_common_label(o, "deployment", "d\"1", NULL), 0);
	assert_int_equal(obs_common_label(o, "tenant", "t", NULL), 0);
	assert_int_equal(obs_declare(o, decls, MO_COUNT(decls), f, NULL), 0);
	obs_add(obs_series(f[C], (const char *const[]){ "a", "b" }), 1);
	obs_observe(obs_series(f[H], (const char *const[]){ "p" }), 1);
	render(o, &b);
	assert_non_null(strstr(mo_buf_str(&b),
		"c_total{deployment=\"d\\\"1\",tenant=\"t\",who=\"a\",what=\"b\"} 1\n"));
	assert_non_null(strstr(mo_buf_str(&b), "g{deployment=\"d\\\"1\",tenant=\"t\"} 0\n"));
	assert_non_null(strstr(mo_buf_str(&b),
		"h_seconds_bucket{deployment=\"d\\\"1\",tenant=\"t\",r=\"p\",le=\"+Inf\"} 1\n"));
	obs_free(o);
}

static void test_text(void **state)
{
	struct obs_family *f[3];
	struct obs *o = make(f);
	mo_autobuf struct mo_buf b;

	mo_buf_init(&b, 1 << 20);
	obs_add(obs_series(f[C], (const char *const[]){ "a\"b", "x\\y\nz" }), 3);
	obs_set(obs_series(f[G], NULL), -7);
	struct obs_series *h = obs_series(f[H], (const char *const[]){ "p" });
	obs_observe(h, 1000);
	obs_observe(h, 1001);
	obs_observe(h, 9000000);
	render(o, &b);
	assert_string_equal(mo_buf_str(&b),
		"# HELP c_total A \\\\ and\\nnewline.\n# TYPE c_total counter\n"
		"c_total{who=\"a\\\"b\",what=\"x\\\\y\\nz\"} 3\n"
		"# HELP g Gauge.\n# TYPE g gauge\ng -7\n"
		"# HELP h_seconds Time.\n# TYPE h_seconds histogram\n"
		"h_seconds_bucket{r=\"p\",le=\"0.001\"} 1\nh_seconds_bucket{r=\"p\",le=\"0.05\"} "
		"2\n"
		"h_seconds_bucket{r=\"p\",le=\"2\"} 2\nh_seconds_bucket{r=\"p\",le=\"+Inf\"} 3\n"
		"h_seconds_sum{r=\"p\"} 9.002001\nh_seconds_count{r=\"p\"} 3\n");
	obs_free(o);
}

static void test_interned_and_bounded(void **state)
{
	struct obs_family *f[3];
	struct obs *o = make(f);
	mo_autobuf struct mo_buf b;

	mo_buf_init(&b, 1 << 20);
	struct obs_series *one = obs_series(f[C], (const char *const[]){ "a", "b" });
	assert_ptr_equal(one, obs_series(f[C], (const char *const[]){ "a", "b" }));
	struct obs_series *two = obs_series(f[C], (const char *const[]){ "ab", "" });
	assert_ptr_not_equal(one, two);
	struct obs_series *over = obs_series(f[C], (const char *const[]){ "c", "d" });
	assert_ptr_equal(over, obs_series(f[C], (const char *const[]){ "e", "f" }));
	obs_add(over, 5);
	render(o, &b);
	assert_non_null(strstr(mo_buf_str(&b), "c_total{who=\"overflow\",what=\"overflow\"} 5\n"));
	obs_release(two);
	obs_release(over); /* stays */
	obs_add(over, 1);
	assert_ptr_not_equal(obs_series(f[C], (const char *const[]){ "c", "d" }), over);
	render(o, &b);
	assert_null(strstr(mo_buf_str(&b), "who=\"ab\""));
	assert_non_null(strstr(mo_buf_str(&b), "c_total{who=\"c\",what=\"d\"} 0\n"));
	obs_free(o);
}

static void test_coming_and_going(void **state)
{
	struct obs_family *f[3];
	struct obs *o = make(f);
	char name[20];

	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		struct obs_series *s = obs_series(f[H], (const char *const[]){ name });
		obs_observe(s, i);
		obs_release(s);
	}
	mo_autobuf struct mo_buf b;
	mo_buf_init(&b, 1 << 20);
	render(o, &b);
	assert_null(strstr(mo_buf_str(&b), "r=\"d"));
	obs_free(o);
}

/* Loops of one process share a series: it lives as long as one of them holds it. */
static void test_two_holders(void **state)
{
	const char *const values[] = { "a", "b" };
	struct obs_family *f[3];
	struct obs *o = make(f);
	mo_autobuf struct mo_buf b;

	mo_buf_init(&b, 1 << 20);
	struct obs_series *one = obs_series(f[C], values), *two = obs_series(f[C], values);
	obs_add(one, 1);
	obs_release(one);
	obs_add(two, 2);
	render(o, &b);
	assert_non_null(strstr(mo_buf_str(&b), "c_total{who=\"a\",what=\"b\"} 3\n"));
	obs_release(two);
	obs_add(obs_series(f[C], values), 4); /* anew */
	render(o, &b);
	assert_non_null(strstr(mo_buf_str(&b), "c_total{who=\"a\",what=\"b\"} 4\n"));
	obs_free(o);
}

static void test_declarations(void **state)
{
	struct obs_family *f[3];
	struct obs *o = make(f);
	struct mo_err err = { 0 };
	const struct obs_decl clash = { .name = "g", .type = OBS_GAUGE, .help = "Other." };
	const struct obs_decl bad[] = {
		{ .name = "x", .type = OBS_HISTOGRAM, .help = "No buckets." },
		{ .name = "y", .type = OBS_COUNTER, .help = "Labels.", .labels = "a b c d e f g" },
		{ .name = "z", .type = OBS_COUNTER }
	};

	assert_int_equal(obs_declare(o, decls, MO_COUNT(decls), NULL, &err), 0);
	assert_int_equal(obs_declare(o, &clash, 1, NULL, &err), -1);
	assert_int_equal(err.code, MO_ECONFLICT);
	for (size_t i = 0; i < MO_COUNT(bad); i++)
		assert_int_equal(obs_declare(o, &bad[i], 1, NULL, &err), -1);
	mo_autobuf struct mo_buf b;
	mo_buf_init(&b, 100);
	assert_int_equal(obs_render(o, &b, &err), -1);
	assert_int_equal(err.code, MO_ETOOBIG);
	obs_free(o);
}

static void set_gauge(void *ctx)
{
	obs_set(ctx, 42);
}

static void test_hook(void **state)
{
	struct obs_family *f[3];
	struct obs *o = make(f);
	mo_autobuf struct mo_buf b;

	mo_buf_init(&b, 1 << 20);
	assert_int_equal(obs_on_render(o, set_gauge, obs_series(f[G], NULL), NULL), 0);
	render(o, &b);
	assert_non_null(strstr(mo_buf_str(&b), "\ng 42\n"));
	obs_free(o);
}

/* 10,000 series in <= 5 ms of CPU is the goal of a release build; ten times that here, for
 * sanitizers. */
static void test_speed(void **state)
{
	const struct obs_decl many = { .name = "m_total",
		.type = OBS_COUNTER,
		.help = "Many.",
		.labels = "deployment",
		.max_series = 10000 };
	struct obs_family *f;
	struct obs *o;
	mo_autobuf struct mo_buf b;
	char name[40];

	assert_int_equal(obs_new(&o, NULL), 0);
	assert_int_equal(obs_declare(o, &many, 1, &f, NULL), 0);
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "dep_%026d", i);
		obs_add(obs_series(f, (const char *const[]){ name }), i);
	}
	mo_buf_init(&b, 16 << 20);
	render(o, &b);
	int64_t best = MO_MINUTE;
	for (int i = 0; i < 5; i++) {
		int64_t t = mo_mono();
		render(o, &b);
		t = mo_mono() - t;
		best = t < best ? t : best;
	}
	print_message("10,000 series: %lld us, %zu bytes\n", (long long)best, b.len);
	assert_true(best < 50000);
	obs_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_common_labels_stand_first),
		cmocka_unit_test(test_interned_and_bounded),
		cmocka_unit_test(test_coming_and_going),
		cmocka_unit_test(test_two_holders),
		cmocka_unit_test(test_declarations),
		cmocka_unit_test(test_hook),
		cmocka_unit_test(test_speed),
	};

	return RUN_TESTS(tests);
}
