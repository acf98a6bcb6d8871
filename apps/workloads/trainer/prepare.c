/* Task, labels and split of a table; refuses what XGBoost would take silently. */
#include "prepare.h"

#include "modelops/base/check.h"
#include "split.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int read_dataset(const struct table_opts *opts, struct table **ret_table, struct mo_err *err)
{
	mo_autoclose int fd = open("in/dataset.csv", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return mo_fail_errno(err, errno, "in/dataset.csv");
	return table_read_fd(fd, opts, ret_table, err);
}

void prepared_free(struct prepared *p)
{
	table_free(p->table);
	free(p->labels);
	free(p->valid);
}

/* XGBoost's own readers refuse these in names. */
static int check_names(const struct table *t, struct mo_err *err)
{
	for (size_t i = 0; i < t->ncols; i++) {
		if (!strpbrk(t->cols[i].name, "[]<"))
			continue;
		mo_fail_field(err, t->cols[i].name, "column '%.60s': names may not hold [ ] or <",
			t->cols[i].name);
		return mo_advise(err, "bad_csv", "rename the column");
	}
	return 0;
}

/* Whole numbers with few distinct values look like classes; everything else numeric is a quantity.
 */
static int choose_task(const struct table_label *l, size_t rows)
{
	bool classes = !l->numeric || (l->whole && !l->many && l->nclasses <= TABLE_AUTO_CLASSES &&
					      l->nclasses * 2 <= rows);
	if (!classes)
		return TASK_REGRESSION;
	return l->nclasses == 2 ? TASK_BINARY : TASK_MULTICLASS;
}

static int check_task(const struct table_label *l, int task, struct mo_err *err)
{
	if (task == TASK_REGRESSION && !l->numeric)
		return mo_fail_field(err, l->name,
			"regression needs numbers, but the label '%.60s' holds text such as "
			"'%.40s'",
			l->name, l->classes[l->nclasses - 1]);
	if (task == TASK_REGRESSION)
		return 0;
	if (l->many)
		return mo_fail_field(err, l->name,
			"the label '%.60s' has more than %d distinct values: too many classes",
			l->name, TABLE_CLASSES);
	if (l->nclasses < 2)
		return mo_fail_field(err, l->name,
			"the label '%.60s' is '%.40s' in every row: there is nothing to learn",
			l->name, l->classes[0]);
	if (task == TASK_BINARY && l->nclasses != 2)
		return mo_fail_field(err, l->name,
			"binary needs 2 classes, but the label '%.60s' has %zu", l->name,
			l->nclasses);
	return 0;
}

static int make_labels(struct prepared *p, struct mo_err *err)
{
	const struct table_label *l = &p->table->label;

	p->labels = reallocarray(NULL, p->table->rows, sizeof(*p->labels));
	p->valid = calloc(p->table->rows, 1);
	if (!p->labels || !p->valid)
		return mo_fail(err, MO_ENOMEM, "labels of %zu rows", p->table->rows);
	for (size_t i = 0; i < p->table->rows; i++)
		p->labels[i] =
			p->task == TASK_REGRESSION ? (float)l->values[i] : (float)l->class_of[i];
	return 0;
}

static int prepare_table(const struct options *o, struct prepared *p, struct mo_err *err)
{
	const struct table_opts opts = options_table(o);

	if (read_dataset(&opts, &p->table, err) < 0 || check_names(p->table, err) < 0)
		return -1;
	const struct table_label *l = &p->table->label;
	if (p->table->rows < 2)
		return mo_fail(err, MO_EINVAL, "the table has one row; training needs at least 2");
	p->task = o->task == TASK_AUTO ? choose_task(l, p->table->rows) : o->task;
	if (check_task(l, p->task, err) < 0 || make_labels(p, err) < 0)
		return -1;
	bool classes = p->task != TASK_REGRESSION;
	if (split_rows(p->table->rows, classes ? l->class_of : NULL, l->nclasses, o->valid_fraction,
		    (uint64_t)o->seed, p->valid, &p->nvalid, err) < 0)
		return -1;
	p->ntrain = p->table->rows - p->nvalid;
	return 0;
}

int prepare(const struct options *o, struct prepared *ret_prepared, struct mo_err *err)
{
	struct prepared p = { 0 };

	if (prepare_table(o, &p, err) < 0) {
		prepared_free(&p);
		return -1;
	}
	*ret_prepared = p;
	return 0;
}
