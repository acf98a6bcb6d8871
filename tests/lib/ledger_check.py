"""An independent judge of the books: reads the database and recomputes every number in it. It shares no code with the platform.

	ledger_check.check(url)                 # AssertionError with the differences
	ledger_check.check(url, settled=True)   # besides: nothing that is over waits to be entered
	python tests/lib/ledger_check.py URL [--settled]

What it recomputes: usage windows from allocation rows and from the gateway's totals, ledger entries from windows, the hash chain of each
tenant, invoice lines, descriptions and totals from ledger and prices.
"""
import hashlib
import json
import sqlite3
import sys
from fractions import Fraction

HOUR = 3600 * 1000000
GENESIS = "0" * 64
SHOWN = {"gpu_share_us": (1000000, 3, "share-seconds"), "predict_requests": (1, 0, "predict requests"),
	"predict_rows": (1, 0, "predicted rows"), "explain_requests": (1, 0, "explain requests"),
	"explain_rows": (1, 0, "explained rows"), "artifact_kib_seconds": (3600 << 20, 6, "GiB-hours")}
TABLES = {"pool_allocations": "id", "usage_counters": "source, deployment_id, metric", "usage_windows": "id",
	"ledger_entries": "tenant_id, seq", "invoices": "id", "invoice_lines": "invoice_id, n",
	"price_rules": "plan_id, metric, price_class", "price_plans": "id", "projects": "id", "artifacts": "id"}


def read(url):
	"""All rows of the tables above, by table, from one snapshot."""
	if url.startswith("sqlite:"):
		connection = sqlite3.connect("file:%s?mode=ro" % url[len("sqlite:"):], uri=True, isolation_level=None)
		connection.execute("BEGIN")
	else:
		import psycopg
		connection = psycopg.connect(url)
		connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
	try:
		found = {}
		for table, order in TABLES.items():
			cursor = connection.execute("SELECT * FROM %s ORDER BY %s" % (table, order))
			names = [column[0] for column in cursor.description]
			found[table] = [dict(zip(names, row)) for row in cursor.fetchall()]
		return found
	finally:
		connection.close()


class Checker:
	def __init__(self, rows, settled):
		self.rows, self.settled, self.problems = rows, settled, []
		self.windows = {w["id"]: w for w in rows["usage_windows"]}
		self.chains = {}
		for entry in rows["ledger_entries"]:
			self.chains.setdefault(entry["tenant_id"], []).append(entry)

	def wrong(self, what, *values):
		self.problems.append(what % values)

	def run(self):
		self.check_allocations()
		self.check_gateways()
		self.check_storage()
		for tenant, chain in self.chains.items():
			self.check_chain(tenant, chain)
		self.check_posted()
		for invoice in self.rows["invoices"]:
			self.check_invoice(invoice)
		return self.problems

	def check_allocations(self):
		by_source, credits = {}, {}
		for w in self.rows["usage_windows"]:
			if w["source_kind"] == "allocation":
				by_source.setdefault(w["source_id"], []).append(w)
			if w["source_kind"] == "credit":
				credits[w["source_id"]] = w
		for a in self.rows["pool_allocations"]:
			self.check_credits(a, by_source.get(a["id"], []), credits)
			self.check_allocation(a, sorted(by_source.pop(a["id"], []), key=lambda w: w["start_at"]))
		for source in credits:
			self.wrong("credit %s of window %s, which stays billed or is not there", credits[source]["id"], source)
		for source in by_source:
			self.wrong("windows of allocation %s, which does not exist", source)

	def check_allocation(self, a, windows):
		"""Its windows cover exactly bound_at..billed_until, cut at every hour, with shares times time as quantity. While it is
		open only whole hours up to its last sign of life are entered, and it never ends before that sign: so the cut at its end,
		and nothing past it, holds for hours that were entered while it ran, too."""
		name, at = "allocation " + a["id"], a["bound_at"]
		if at is None:
			if windows or a["billed_until"]:
				self.wrong("%s was never bound, but has %d windows", name, len(windows))
			return
		for w in windows:
			end = at - at % HOUR + HOUR
			if a["state"] == "RELEASED":
				end = min(end, a["ended_at"] if at < a["ended_at"] else a["released_at"])
			elif a["last_seen_at"] is not None and w["end_at"] > a["last_seen_at"]:
				self.wrong("%s is open and was last seen at %d, but window %s ends at %d", name, a["last_seen_at"], w["id"], w["end_at"])
			if (w["start_at"], w["end_at"]) != (at, end):
				self.wrong("%s: window %s is %d..%d, not %d..%d", name, w["id"], w["start_at"], w["end_at"], at, end)
			if w["quantity"] != a["shares"] * (w["end_at"] - w["start_at"]):
				self.wrong("%s: window %s has quantity %d, not %d", name, w["id"], w["quantity"],
					a["shares"] * (w["end_at"] - w["start_at"]))
			for field in ("tenant_id", "project_id", "resource_id", "pool_id", "price_class"):
				if w[field] != a[field]:
					self.wrong("%s: window %s has %s %s", name, w["id"], field, w[field])
			if w["metric"] != "gpu_share_us":
				self.wrong("%s: window %s has metric %s", name, w["id"], w["metric"])
			self.check_reason(name, a, w)
			at = w["end_at"]
		if windows and a["billed_until"] != at:
			self.wrong("%s says billed_until %s, its windows end at %d", name, a["billed_until"], at)
		if not windows and a["billed_until"] not in (None, a["bound_at"]):
			self.wrong("%s says billed_until %s without a window", name, a["billed_until"])
		if self.settled and a["state"] == "RELEASED" and at < a["released_at"]:
			self.wrong("%s was released at %d, but is recorded up to %d only", name, a["released_at"], at)

	def check_credits(self, a, windows, credits):
		"""Each billed window of a job that was lost by our fault is taken back, once, when the shares came free."""
		if (a["state"], a["release_reason"], a["owner_kind"]) != ("RELEASED", "platform", "step"):
			return
		for w in windows:
			if w["reason"] != "billable":
				continue
			credit = credits.pop(w["id"], None)
			if credit is None:
				if self.settled:
					self.wrong("allocation %s failed by our fault, but window %s is not taken back", a["id"], w["id"])
				continue
			wanted = dict(w, id=credit["id"], source_kind="credit", source_id=w["id"], quantity=-w["quantity"], start_at=a["released_at"],
				end_at=a["released_at"], reason="platform_credit", created_at=credit["created_at"], posted=credit["posted"])
			if credit != wanted:
				self.wrong("credit %s, not %s", json.dumps(credit), json.dumps(wanted))

	def check_reason(self, name, a, w):
		"""Our failures are free, and so is what passed before we noticed the end; hours entered while it ran stay."""
		if a["state"] == "RELEASED" and a["release_reason"] == "platform":
			entered_open = w["end_at"] % HOUR == 0 and a["last_seen_at"] is not None and w["end_at"] <= a["last_seen_at"]
			if w["reason"] != "platform" and not entered_open:
				self.wrong("%s failed by our fault, but window %s is %s", name, w["id"], w["reason"])
			return
		late = a["state"] == "RELEASED" and w["start_at"] >= a["ended_at"] # until we noticed: ours
		if w["reason"] != ("platform" if late else "billable"):
			self.wrong("%s: window %s is %s although the release reason is %s", name, w["id"], w["reason"], a["release_reason"])

	def check_gateways(self):
		"""What the windows of a gateway process add up to is the total it has counted."""
		sums = {}
		for w in self.rows["usage_windows"]:
			if w["source_kind"] == "gateway":
				key = (w["source_id"], w["resource_id"], w["metric"])
				sums[key] = sums.get(key, 0) + w["quantity"]
				if w["quantity"] <= 0 or w["reason"] != "billable" or w["price_class"] != "*" or w["start_at"] > w["end_at"]:
					self.wrong("gateway window %s: %s", w["id"], json.dumps(w))
		for c in self.rows["usage_counters"]:
			key = (c["source"], c["deployment_id"], c["metric"])
			if sums.pop(key, 0) != c["total"]:
				self.wrong("gateway %s counted %d %s of %s, its windows differ", c["source"], c["total"], c["metric"], c["deployment_id"])
		for key in sums:
			self.wrong("windows without a total: %s", key)

	def check_storage(self):
		"""Each whole hour up to stored_until has what the project's artifacts make of it: started KiB times whole seconds."""
		windows = {(w["source_id"], w["start_at"]): w for w in self.rows["usage_windows"] if w["source_kind"] == "storage"}
		second = lambda at: -(-at // 1000000)
		for p in self.rows["projects"]:
			mine = [a for a in self.rows["artifacts"] if a["project_id"] == p["id"] and a["state"] != "PENDING"]
			start = min([a["created_at"] for a in mine] + [p["created_at"]])
			for hour in range(start - start % HOUR, p["stored_until"] or 0, HOUR):
				low, high = hour // 1000000, (hour + HOUR) // 1000000
				want = sum(-(-a["size"] // 1024) * max(0, min(high, second(a["deleted_at"]) if a["deleted_at"] else high)
					- max(low, second(a["created_at"]))) for a in mine)
				w = windows.pop((p["id"], hour), None)
				if want != (w["quantity"] if w else 0):
					self.wrong("project %s kept %d KiB-seconds in the hour from %d, its window says %s", p["id"], want, hour, w)
				if w and (w["metric"], w["end_at"], w["reason"], w["price_class"], w["resource_id"], w["tenant_id"]) != (
						"artifact_kib_seconds", hour + HOUR, "billable", "*", p["id"], p["tenant_id"]):
					self.wrong("storage window %s", json.dumps(w))
		for key in windows:
			self.wrong("storage window of project %s from %d, which is not due", *key)

	def check_chain(self, tenant, chain):
		previous = GENESIS
		for seq, e in enumerate(chain, 1):
			name = "entry %s/%d" % (tenant, e["seq"])
			if e["seq"] != seq:
				self.wrong("%s stands where %d belongs", name, seq)
			text = "%s\n%s" % (previous, "|".join(str(v) for v in (e["tenant_id"], e["seq"], e["window_id"], e["project_id"],
				e["resource_id"], e["metric"], e["price_class"], e["quantity"], e["start_at"], e["end_at"], e["reason"],
				e["billable"])))
			if e["prev_hash"] != previous:
				self.wrong("%s does not name the hash of the entry before", name)
			if e["hash"] != hashlib.sha256(text.encode()).hexdigest():
				self.wrong("%s does not hash to %s", name, e["hash"])
			previous = e["hash"]
			self.check_entry(name, e)

	def check_entry(self, name, e):
		w = self.windows.get(e["window_id"])
		if w is None:
			self.wrong("%s is of window %s, which does not exist", name, e["window_id"])
			return
		for field in ("tenant_id", "project_id", "resource_id", "metric", "price_class", "quantity", "start_at", "end_at", "reason"):
			if e[field] != w[field]:
				self.wrong("%s says %s %s, its window %s", name, field, e[field], w[field])
		if bool(e["billable"]) != (e["reason"] in ("billable", "platform_credit")):
			self.wrong("%s: billable %s with reason %s", name, e["billable"], e["reason"])

	def check_posted(self):
		entries = {}
		for chain in self.chains.values():
			for e in chain:
				entries[e["window_id"]] = entries.get(e["window_id"], 0) + 1
		for w in self.windows.values():
			count = entries.get(w["id"], 0)
			if count > 1 or bool(w["posted"]) != (count == 1):
				self.wrong("window %s has %d entries and posted %s", w["id"], count, w["posted"])
			if self.settled and count == 0:
				self.wrong("window %s is not in the ledger", w["id"])

	def check_invoice(self, invoice):
		name, tenant = "invoice " + invoice["id"], invoice["tenant_id"]
		chain = self.chains.get(tenant, [])[:invoice["ledger_seq"]]
		if len(chain) != invoice["ledger_seq"] or (chain[-1]["hash"] if chain else GENESIS) != invoice["ledger_hash"]:
			self.wrong("%s rests on entry %d with hash %s, which the ledger does not have", name, invoice["ledger_seq"],
				invoice["ledger_hash"])
		plan = next(p for p in self.rows["price_plans"] if p["id"] == invoice["price_plan_id"])
		if plan["currency"] != invoice["currency"]:
			self.wrong("%s is in %s, its plan in %s", name, invoice["currency"], plan["currency"])
		sums = {}
		for e in chain:
			if e["billable"] and invoice["period_start"] < e["end_at"] <= invoice["period_end"]:
				key = (e["metric"], e["price_class"])
				sums[key] = sums.get(key, 0) + e["quantity"]
		rules = [r for r in self.rows["price_rules"] if r["plan_id"] == invoice["price_plan_id"]]
		wanted = [line(n, key, sums[key], rules, invoice["currency"]) for n, key in enumerate((k for k in sorted(sums) if sums[k]), 1)]
		found = [l for l in self.rows["invoice_lines"] if l["invoice_id"] == invoice["id"]]
		shown = [{k: l[k] for k in wanted[0]} for l in found] if wanted else found
		if shown != wanted:
			self.wrong("%s has lines\n%s\nnot\n%s", name, json.dumps(shown, indent=1), json.dumps(wanted, indent=1))
		if invoice["total_micro"] != sum(l["amount_micro"] for l in wanted):
			self.wrong("%s has total %d, its lines add up to %d", name, invoice["total_micro"], sum(l["amount_micro"] for l in wanted))


def half_even(value):
	"""A Fraction rounded to an int, ties to even: Python's own rule."""
	return round(value)


def decimal_text(micro):
	"""Millionths as a decimal with at least two digits after the point."""
	text = "%d.%06d" % (abs(micro) // 1000000, abs(micro) % 1000000)
	while text.endswith("0") and len(text.split(".")[1]) > 2:
		text = text[:-1]
	return ("-" if micro < 0 else "") + text


def line(n, key, quantity, rules, currency):
	metric, price_class = key
	rule = next((r for r in rules if r["metric"] == metric and r["price_class"] == price_class), None) or next(
		(r for r in rules if r["metric"] == metric and r["price_class"] == "*"), None)
	per, decimals, unit = SHOWN.get(metric, (1, 0, metric))
	scaled = half_even(Fraction(quantity * 10**decimals, per))
	words = ("-" if scaled < 0 else "") + "{:,}".format(abs(scaled) // 10**decimals)
	words += ".%0*d" % (decimals, abs(scaled) % 10**decimals) if decimals else ""
	words += " " + unit + ("" if price_class == "*" else " on " + price_class)
	words += " at %s %s per %s" % (decimal_text(rule["price_micro"]), currency, rule["unit_label"]) if rule else ": no price in this plan"
	price, per_quantity, label = (rule["price_micro"], rule["per_quantity"], rule["unit_label"]) if rule else (0, 1, "unit")
	return {"n": n, "metric": metric, "price_class": price_class, "quantity": quantity, "price_micro": price, "per_quantity": per_quantity,
		"unit_label": label, "amount_micro": half_even(Fraction(quantity * price, per_quantity)), "description": words}


def problems(url, settled=False):
	"""All differences, as sentences."""
	return Checker(read(url), settled).run()


def check(url, settled=False):
	found = problems(url, settled)
	assert not found, "%d differences in the books:\n%s" % (len(found), "\n".join(found[:20]))


def main():
	found = problems(sys.argv[1], "--settled" in sys.argv[2:])
	print("\n".join(found) if found else "the books agree")
	return 1 if found else 0


if __name__ == "__main__":
	sys.exit(main())
