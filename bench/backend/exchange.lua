-- One exchange per request, each with a code of its own; with PROOFS also a fresh proof from that file.
-- Ends with one line of JSON.
local proofs = os.getenv("PROOFS") and assert(io.open(os.getenv("PROOFS"), "r"))
local path = os.getenv("TARGET_PATH")
local headers = { ["Content-Type"] = "application/json", ["Origin"] = os.getenv("TARGET_ORIGIN"), ["X-Admit-One"] = "1" }
local before, after = os.getenv("TARGET_BODY"):match("^(.*)CODE(.*)$")
local count = 0

function request()
  count = count + 1
  -- Without a proof left the answer is 401, which is counted as an error.
  if proofs then headers["DPoP"] = proofs:read("*l") or "none-left" end
  return wrk.format("POST", path, headers, string.format("%s%031d%s", before, count, after))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('\nJSON {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"max":%d,"not2xx":%d,"socket":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
