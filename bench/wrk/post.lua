-- wrk: POST BODY_FILE with HEADERS ("Name: value" lines) to the given path; every reply must be 2xx.
-- A "%SEQ%" in the body becomes a number unique to the run (thread, counter), for creating rows.
local body_file = os.getenv("BODY_FILE")
local template = nil
if body_file then
	local f = assert(io.open(body_file, "rb"))
	template = f:read("*a")
	f:close()
	wrk.method = "POST"
	wrk.headers["Content-Type"] = "application/json"
end
for line in (os.getenv("HEADERS") or ""):gmatch("[^\n]+") do
	local name, value = line:match("^([^:]+):%s*(.*)$")
	wrk.headers[name] = value
end
local unique = template and template:find("%%SEQ%%") ~= nil
local threads, counter, prefix = 0, 0, os.getenv("SEQ_PREFIX") or "x"

function setup(thread)
	thread:set("number", threads)
	threads = threads + 1
end

function init(args)
	if template and not unique then
		wrk.body = template
	end
end

if unique then
	function request()
		counter = counter + 1
		return wrk.format(nil, nil, nil, (template:gsub("%%SEQ%%", prefix .. number .. "-" .. counter)))
	end
end

function done(summary, latency, requests)
	local e = summary.errors
	io.write(string.format("RESULT requests=%d duration_us=%d p50_us=%d p99_us=%d status_errors=%d socket_errors=%d\n",
		summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
		e.status, e.connect + e.read + e.write + e.timeout))
end
