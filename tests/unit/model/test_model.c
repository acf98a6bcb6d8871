/* Model packages: a small hand-made model, its features.json, versions, failing allocations. */
#include "../unit.h"

#include "modelops/base/fault.h"
#include "modelops/model/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Two trees on two columns: x0 < 1 (missing goes left) ? (x1 < 2 ? 1 : 2) : 3, and a lone leaf 0.5.
 */
#define TREES() \
	"{\"learner\":{\"feature_names\":[\"width\",\"height\"],\"gradient_booster\":{\"model\":{" \
	"\"gbtree_model_param\":{\"num_trees\":\"2\"},\"tree_info\":[0,0],\"trees\":[" \
	"{\"id\":0,\"left_children\":[1,3,-1,-1,-1],\"right_children\":[2,4,-1,-1,-1]," \
	"\"parents\":[2147483647,0,0,1,1],\"split_indices\":[0,1,0,0,0],\"split_conditions\":[1," \
	"2,3,1,2]," \
	"\"default_left\":[1,0,0,0,0],\"sum_hessian\":[10,6,4,3,3],\"tree_param\":{\"num_nodes\":" \
	"\"5\"}}," \
	"{\"id\":1,\"left_children\":[-1],\"right_children\":[-1],\"parents\":[2147483647]," \
	"\"split_indices\":[0]," \
	"\"split_conditions\":[5E-1],\"default_left\":[0],\"sum_hessian\":[10],\"tree_param\":{" \
	"\"num_nodes\":\"1\"}}]}," \
	"\"name\":\"gbtree\"},"
#define TAIL(objective, base, version) \
	"\"learner_model_param\":{\"base_score\":\"" base \
	"\",\"num_class\":\"0\",\"num_feature\":\"2\"}," \
	"\"objective\":{\"name\":\"" objective "\"}},\"version\":" version "}"

static const char plain[] = TREES() TAIL("reg:squarederror", "[1E1]", "[3,2,0]");
static const char features[] =
	"{\"format\":1,\"task\":\"regression\",\"features\":[{\"name\":\"width\",\"type\":"
	"\"float\"},"
	"{\"name\":\"height\",\"type\":\"int\"}],\"classes\":null,\"label\":\"area\"}";

static struct model *parse(const char *text, const char *names)
{
	struct mo_err err = { 0 };
	struct model *m = NULL;
	if (model_parse(text, strlen(text), names, names ? strlen(names) : 0, &m, &err) < 0)
		fail_msg("%s", err.msg);
	return m;
}

static void refused(const char *text, const char *names, const char *why)
{
	struct mo_err err = { 0 };
	struct model *m = NULL;
	assert_int_equal(
		model_parse(text, strlen(text), names, names ? strlen(names) : 0, &m, &err), -1);
	assert_null(m);
	assert_int_equal(err.code, MO_EINVAL);
	if (!strstr(err.msg, why))
		fail_msg("\"%s\" lacks \"%s\"", err.msg, why);
}

static void walks_and_explains(void **state)
{
	static const float rows[] = { 0, 0, 0, 5, 1, 0, 2, 5, NAN, 1, NAN, NAN, 0, NAN, 1, NAN, 0,
		2 };
	static const float margins[] = { 11.5f, 12.5f, 13.5f, 13.5f, 11.5f, 12.5f, 12.5f, 13.5f,
		12.5f };
	struct mo_err err = { 0 };
	struct model *m = parse(plain, features);
	struct model_scratch *s = NULL;
	float out[9];
	double contributions[3];
	assert_int_equal(model_scratch_new(m, &s, &err), 0);
	model_margin(m, s, rows, 9, out);
	for (int i = 0; i < 9; i++)
		assert_true(out[i] == margins[i]);
	assert_string_equal(model_info(m)->names[1], "height");
	assert_string_equal(model_info(m)->label, "area");
	assert_int_equal(model_info(m)->task, MODEL_REGRESSION);
	/* Row (0, 0): v({}) = 2.1, v({x0}) = 1.5, v({x1}) = 0.6 + 1.2 = 1.8, v({x0, x1}) = 1 (plus
	 * base and lone leaf). */
	model_explain(m, s, rows, contributions);
	assert_true(fabs(contributions[0] - (0.5 * (1.5 - 2.1) + 0.5 * (1 - 1.8))) < 1e-6);
	assert_true(fabs(contributions[1] - (0.5 * (1.8 - 2.1) + 0.5 * (1 - 1.5))) < 1e-6);
	assert_true(fabs(contributions[2] - 12.6) < 1e-6);
	model_scratch_free(s);
	model_free(m);
}

static float base_of(const char *text)
{
	static const float row[] = { 0, 0 };
	struct mo_err err = { 0 };
	struct model *m = parse(text, NULL);
	struct model_scratch *s = NULL;
	float out;
	assert_int_equal(model_scratch_new(m, &s, &err), 0);
	model_margin(m, s, row, 1, &out);
	model_scratch_free(s);
	model_free(m);
	return out - 1.5f;
}

static void base_scores_of_every_spelling(void **state)
{
	assert_true(base_of(TREES() TAIL("reg:squarederror", "5E-1", "[1,7,4]")) == 0.5f);
	assert_true(base_of(TREES() TAIL("reg:squarederror", "[5E-1]", "[3,2,0]")) == 0.5f);
	assert_true(base_of(TREES() TAIL("binary:logitraw", "2.5E-1", "[1,7,4]")) == 0.25f);
	assert_true(base_of(TREES() TAIL("binary:logistic", "5E-1", "[1,7,4]")) == 0);
	assert_true(base_of(TREES() TAIL("count:poisson", "1E0", "[1,7,4]")) == 0);
	assert_true(base_of(TREES() TAIL("binary:logistic", "[1E0]", "[3,2,0]")) > 13);
	refused(TREES() TAIL("binary:logistic", "1E0", "[1,7,4]"), NULL,
		"base_score 1 is not in (0,1)");
	refused(TREES() TAIL("reg:gamma", "0E0", "[1,7,4]"), NULL, "base_score 0 is not above 0");
}

static void classes_and_tasks(void **state)
{
	static const char names[] = "{\"format\":1,\"task\":\"binary\",\"features\":[{\"name\":"
				    "\"width\",\"type\":\"float\"},"
				    "{\"name\":\"height\",\"type\":\"int\"}],\"classes\":[\"no\","
				    "\"yes\"],\"label\":\"ok\"}";
	struct model *m = parse(TREES() TAIL("binary:logistic", "5E-1", "[1,7,4]"), names);
	float margin = -1, proba[2];
	assert_int_equal(model_info(m)->classes, 2);
	assert_string_equal(model_info(m)->class_names[1], "yes");
	model_proba(m, &margin, proba);
	assert_true(proba[1] < 0.27f && proba[1] > 0.26f && proba[0] + proba[1] == 1);
	assert_int_equal(model_class(m, &margin), 0);
	margin = 0; /* exactly 0.5 is class 0, as in XGBClassifier */
	assert_int_equal(model_class(m, &margin), 0);
	margin = 1e-3f;
	assert_int_equal(model_class(m, &margin), 1);
	model_free(m);
	refused(plain, names, "task does not fit");
}

static void features_json_is_checked(void **state)
{
#define ONE(format, task, list, more) \
	"{\"format\":" format ",\"task\":" task ",\"features\":[" list "]" more "}"
#define WIDTH "{\"name\":\"width\",\"type\":\"float\"}"
	refused(plain, "", "an object expected");
	refused(plain, "{}", "\"format\" is missing");
	refused(plain, ONE("2", "\"regression\"", WIDTH, ""), "format 2");
	refused(plain, ONE("1", "\"magic\"", WIDTH, ""), "\"magic\"");
	refused(plain, ONE("1", "\"regression\"", WIDTH, ""),
		"names 1 features, the model takes 2");
	refused(plain, ONE("1", "\"regression\"", WIDTH "," WIDTH, ""), "feature 1 is \"width\"");
	refused(plain, ONE("1", "\"regression\"", "{\"name\":\"width\"}", ""),
		"\"type\" is missing");
	refused(plain, ONE("1", "\"regression\"", "{\"name\":\"width\",\"type\":\"category\"}", ""),
		"category");
	refused(plain,
		ONE("1", "\"regression\"", WIDTH ",{\"name\":\"height\",\"type\":\"int\"}",
			",\"classes\":[\"a\"]"),
		"1 classes, the model has 0");
}

static void allocations_may_fail(void **state)
{
	for (long n = 1;; n++) {
		struct mo_err err = { 0 };
		struct model *m = NULL;
		struct model_scratch *s = NULL;
		mo_fault_arm("model.alloc", n);
		int rc = model_parse(plain, strlen(plain), n % 2 ? features : NULL,
			n % 2 ? strlen(features) : 0, &m, &err);
		if (rc == 0)
			rc = model_scratch_new(m, &s, &err);
		bool struck = mo_fault_struck();
		mo_fault_arm(NULL, 0);
		model_scratch_free(s);
		model_free(m);
		assert_int_equal(rc, struck ? -1 : 0);
		if (!struck)
			break;
		assert_int_equal(err.code, MO_ENOMEM);
	}
}

static void paths_that_are_no_model(void **state)
{
	struct mo_err err = { 0 };
	struct model *m = NULL;
	assert_int_equal(model_load("/nonexistent/model.json", NULL, &m, &err), -1);
	assert_int_equal(err.code, MO_ENOTFOUND);
	assert_int_equal(model_load("/dev/null", NULL, &m, &err), -1);
	assert_int_equal(model_load_dir("/tmp", &m, &err), -1);
	assert_int_equal(model_load("/proc/self/status", NULL, &m, &err), -1);
	assert_null(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_and_explains),
		cmocka_unit_test(base_scores_of_every_spelling),
		cmocka_unit_test(classes_and_tasks),
		cmocka_unit_test(features_json_is_checked),
		cmocka_unit_test(allocations_may_fail),
		cmocka_unit_test(paths_that_are_no_model),
	};
	return RUN_TESTS(tests);
}
