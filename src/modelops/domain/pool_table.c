/* MIG profiles of the cards we know: how many devices of each one card gives (NVIDIA's MIG user
 * guide, "Supported MIG Profiles"). */
#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/domain/pool.h"

#include <stddef.h>

static const struct {
	const char *card, *profile;
	int per_card;
} mig[] = {
	{ "A30", "1g.6gb", 4 },
	{ "A30", "2g.12gb", 2 },
	{ "A30", "4g.24gb", 1 },
	{ "A100", "1g.5gb", 7 }, /* 40 GB */
	{ "A100", "1g.10gb", 4 },
	{ "A100", "2g.10gb", 3 },
	{ "A100", "3g.20gb", 2 },
	{ "A100", "4g.20gb", 1 },
	{ "A100", "7g.40gb", 1 },
	{ "A100-80GB", "1g.10gb", 7 },
	{ "A100-80GB", "1g.20gb", 4 },
	{ "A100-80GB", "2g.20gb", 3 },
	{ "A100-80GB", "3g.40gb", 2 },
	{ "A100-80GB", "4g.40gb", 1 },
	{ "A100-80GB", "7g.80gb", 1 },
	{ "H100", "1g.10gb", 7 }, /* 80 GB */
	{ "H100", "1g.20gb", 4 },
	{ "H100", "2g.20gb", 3 },
	{ "H100", "3g.40gb", 2 },
	{ "H100", "4g.40gb", 1 },
	{ "H100", "7g.80gb", 1 },
	{ "H200", "1g.18gb", 7 },
	{ "H200", "1g.35gb", 4 },
	{ "H200", "2g.35gb", 3 },
	{ "H200", "3g.71gb", 2 },
	{ "H200", "4g.71gb", 1 },
	{ "H200", "7g.141gb", 1 },
};

int pool_mig_per_card(const char *card_model, const char *profile)
{
	int found = -1;
	for (size_t i = 0; i < MO_COUNT(mig); i++) {
		if (!mo_streq(mig[i].card, card_model))
			continue;
		if (mo_streq(mig[i].profile, profile))
			return mig[i].per_card;
		found = 0;
	}
	return found;
}
