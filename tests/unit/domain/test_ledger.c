/* The chain: a hash computed by hand, appending, and every kind of tampering. */
#include "../unit.h"

#include "modelops/domain/ledger.h"

#include <stdio.h>
#include <string.h>

static const struct usage_window window = { .id = "use_1",
	.tenant_id = "ten_1",
	.project_id = "prj_1",
	.resource_id = "run_1",
	.metric = "gpu_share_us",
	.price_class = "cpu-small",
	.quantity = 3600,
	.start_at = 1000,
	.end_at = 4600,
	.reason = "billable",
	.created_at = 5000 };

/* By sha256sum over 64 zeros, a newline and
 * ten_1|1|use_1|prj_1|run_1|gpu_share_us|cpu-small|3600|1000|4600|billable|1 */
#define FIRST_HASH "8dad7311d3bf9ae6f9a502cd39ca1e9d442a56234ec6d20f65ca41be967ca8d2"

static void the_first_entry_hashes_as_written_down(void **state)
{
	struct ledger_head head = ledger_head_empty();
	struct ledger_entry e;
	char prev[LEDGER_HASH_TEXT];
	struct mo_err err = { 0 };
	assert_int_equal(ledger_append(&head, &window, prev, &e, &err), 0);
	assert_int_equal(e.seq, 1);
	assert_true(e.billable);
	assert_string_equal(e.prev_hash, LEDGER_GENESIS);
	assert_string_equal(e.hash, FIRST_HASH);
	assert_string_equal(head.hash, FIRST_HASH);
}

static void only_billable_windows_are_billed(void **state)
{
	struct ledger_head head = ledger_head_empty();
	struct usage_window w = window;
	struct ledger_entry e;
	char prev[LEDGER_HASH_TEXT];
	w.reason = REASON_PLATFORM;
	assert_int_equal(ledger_append(&head, &w, prev, &e, NULL), 0);
	assert_false(e.billable);
}

enum { COUNT = 20 };

struct chain {
	struct ledger_entry at[COUNT];
	char prev[COUNT][LEDGER_HASH_TEXT], hash[COUNT][LEDGER_HASH_TEXT];
};

static void make_chain(struct chain *c)
{
	struct ledger_head head = ledger_head_empty();
	for (int i = 0; i < COUNT; i++) {
		struct usage_window w = window;
		w.quantity = i * 1000003;
		assert_int_equal(ledger_append(&head, &w, c->prev[i], &c->at[i], NULL), 0);
		memcpy(c->hash[i], head.hash, LEDGER_HASH_TEXT);
		c->at[i].hash = c->hash[i];
	}
}

/* Index of the first entry that is refused, COUNT when none is. */
static int first_bad(const struct ledger_entry *at, int count, struct mo_err *err)
{
	struct ledger_head head = ledger_head_empty();
	for (int i = 0; i < count; i++)
		if (ledger_verify(&head, &at[i], err) < 0)
			return i;
	return COUNT;
}

static void a_good_chain_verifies(void **state)
{
	struct chain c;
	make_chain(&c);
	assert_int_equal(first_bad(c.at, COUNT, NULL), COUNT);
}

static void any_change_is_found(void **state)
{
	struct chain c;
	struct mo_err err = { 0 };
	for (int field = 0; field < 12; field++) {
		make_chain(&c);
		struct ledger_entry *e = &c.at[7];
		const char **texts[] = { &e->tenant_id, &e->window_id, &e->project_id,
			&e->resource_id, &e->metric, &e->price_class, &e->reason };
		int64_t *numbers[] = { &e->quantity, &e->start_at, &e->end_at, &e->seq };
		if (field < 7)
			*texts[field] = "other";
		else if (field < 11)
			*numbers[field - 7] += 1;
		else
			e->billable = false;
		assert_int_equal(first_bad(c.at, COUNT, &err), 7);
		assert_int_equal(err.code, MO_ECONFLICT);
	}
}

static void lost_and_swapped_entries_are_found(void **state)
{
	struct chain c;
	make_chain(&c);
	struct ledger_entry five = c.at[5];
	c.at[5] = c.at[6];
	c.at[6] = five;
	assert_int_equal(first_bad(c.at, COUNT, NULL), 5);
	make_chain(&c);
	assert_int_equal(first_bad(c.at + 1, COUNT - 1, NULL), 0);
	/* an entry rehashed after a change no longer fits its successor */
	make_chain(&c);
	c.at[7].quantity++;
	assert_int_equal(ledger_hash(&c.at[7], c.prev[7], c.hash[7], NULL), 0);
	assert_int_equal(first_bad(c.at, COUNT, NULL), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_entry_hashes_as_written_down),
		cmocka_unit_test(only_billable_windows_are_billed),
		cmocka_unit_test(a_good_chain_verifies),
		cmocka_unit_test(any_change_is_found),
		cmocka_unit_test(lost_and_swapped_entries_are_found),
	};
	return RUN_TESTS(tests);
}
