-- One exchange per request; with PROOFS, a fresh proof on each from that file. Ends with one line of JSON.
local proofs = os.getenv("PROOFS") and assert(io.open(os.getenv("PROOFS"), "r"))
local path = os.getenv("TARGET_PATH")
local headers = { ["Content-Type"] = "application/json", ["Origin"] = os.getenv("TARGET_ORIGIN"), ["X-Admit-One"] = "1" }
local body = os.getenv("TARGET_BODY")

if not proofs then
  wrk.method, wrk.path, wrk.headers, wrk.body = "POST", path, headers, body
else
  function request()
    -- Without a proof left the answer is 401, which is counted as an error.
    headers["DPoP"] = proofs:read("*l") or "none-left"
    return wrk.format("POST", path, headers, body)
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('\nJSON {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"max":%d,"not2xx":%d,"socket":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
