//! The scripts that run in Redis. Each is one decision, so that checking and taking are atomic.
//!
//! The state of an account is one hash, so that nothing of it can be lost alone. Times are those of
//! Redis, in microseconds.
//!
//! | field | content |
//! | --- | --- |
//! | `instance` | the `run_id` of the Redis server that wrote the state |
//! | `generation` | a number that grows whenever the state begins again |
//! | `count` | the number of calls that were admitted in this generation |
//! | `seen` | the latest time of a decision |
//! | `since` | the beginning of the generation |
//! | `opens` | the time before which no call is admitted |
//! | `longest` | the longest life of a lease of any program |
//! | `rate`, `rate:ENDPOINT` | the time at which the rate is free again |
//! | `pause`, `refusals` | the end of the pause after a refusal, and the refusals in a row |
//! | `lease:NAME` | the end of the lease of a call in flight |

/// Admits a call, or returns why not.
///
/// A state is not trusted if it was written by another Redis server (a restart, a failover), if it is
/// older than one that the caller knows, or if the clock went back by more than a second. It then begins
/// again, and no call is admitted until all leases from before have ended.
///
/// KEYS: state. ARGV: lease, its life, simultaneous calls, interval and burst of the account, field,
/// interval and burst of the endpoint (0 for none), generation and count that the caller knows, time
/// after which the caller no longer waits (0 for unknown). Returns a status of [`Status`], the time to
/// wait, the time of Redis, generation and count.
pub(super) const ADMIT: &str = r"
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local life, known_generation, known_count = tonumber(ARGV[2]), tonumber(ARGV[9]), tonumber(ARGV[10])
local latest = tonumber(ARGV[11])
if latest > 0 and now > latest then return {3, 0, now, known_generation, known_count} end
local function text(number) return string.format('%.0f', number) end
local instance = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
local s, leases = {}, {}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  if string.sub(fields[i], 1, 6) == 'lease:' then leases[fields[i]] = tonumber(fields[i + 1])
  elseif fields[i] == 'instance' then s.instance = fields[i + 1]
  else s[fields[i]] = tonumber(fields[i + 1]) end
end
local complete = s.instance and s.generation and s.count and s.seen and s.since and s.opens
local longest = math.max(s.longest or 0, life)
if not complete or s.instance ~= instance or now < s.seen - 1000000
  or s.generation < known_generation
  or (s.generation == known_generation and s.count < known_count) then
  local generation = math.max(now, known_generation + 1, (s.generation or 0) + 1)
  s = {generation = generation, count = 0, since = now, opens = now + longest}
  leases = {}
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'instance', instance, 'generation', text(generation), 'count', 0,
    'seen', text(now), 'since', text(now), 'opens', text(s.opens), 'longest', text(longest))
else
  now = math.max(now, s.seen)
  if now > s.seen + 100000 then redis.call('HSET', KEYS[1], 'seen', text(now)) end
  if longest > (s.longest or 0) then
    redis.call('HSET', KEYS[1], 'longest', text(longest))
    if s.opens > now then
      s.opens = math.max(s.opens, s.since + longest)
      redis.call('HSET', KEYS[1], 'opens', text(s.opens))
    end
  end
end
if s.opens > now then return {2, math.ceil(s.opens - now), now, s.generation, s.count} end
if (s.pause or 0) > now then return {1, math.ceil(s.pause - now), now, s.generation, s.count} end
local used = 0
for name, ends in pairs(leases) do
  if ends > now then used = used + 1 else redis.call('HDEL', KEYS[1], name) end
end
if used >= tonumber(ARGV[3]) then return {1, 20000, now, s.generation, s.count} end
local wait = 0
local function due_at(field, interval, burst)
  if interval == 0 then return nil end
  -- The calls before this generation are unknown: it begins as if its burst were used up.
  local due = math.max(s[field] or (s.since + interval * burst), now)
  wait = math.max(wait, due - now - interval * (burst - 1))
  return due + interval
end
local account = due_at('rate', tonumber(ARGV[4]), tonumber(ARGV[5]))
local endpoint = due_at(ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8]))
if wait > 0 then return {1, math.ceil(wait), now, s.generation, s.count} end
redis.call('HSET', KEYS[1], 'rate', text(account), 'seen', text(now), 'count', text(s.count + 1),
  'lease:' .. ARGV[1], text(now + life))
if endpoint then redis.call('HSET', KEYS[1], ARGV[6], text(endpoint)) end
return {0, 0, now, s.generation, s.count + 1}
";

/// Ends leases. KEYS: state. ARGV: pairs of a lease and the time that it is still kept, 0 for none.
pub(super) const END: &str = r"
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
for i = 1, #ARGV, 2 do
  local lease, keep = 'lease:' .. ARGV[i], tonumber(ARGV[i + 1])
  local ends = tonumber(redis.call('HGET', KEYS[1], lease) or 0)
  if keep == 0 then redis.call('HDEL', KEYS[1], lease)
  elseif ends > now + keep then
    redis.call('HSET', KEYS[1], lease, string.format('%.0f', now + keep))
  end
end
return 0
";

/// Starts a pause after a refusal. Several refusals within a pause count as one.
///
/// KEYS: state. ARGV: longest pause in seconds.
pub(super) const PAUSE: &str = r"
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
if tonumber(redis.call('HGET', KEYS[1], 'pause') or 0) > now then return 0 end
local count = math.min(redis.call('HINCRBY', KEYS[1], 'refusals', 1), 20)
local seconds = math.min(2 ^ (count - 1), tonumber(ARGV[1]))
redis.call('HSET', KEYS[1], 'pause', string.format('%.0f', now + seconds * 1000000))
return 0
";

/// Makes the pause last for at least a time. KEYS: state. ARGV: the time.
pub(super) const PAUSE_FOR: &str = r"
local t = redis.call('TIME')
local ends = t[1] * 1000000 + t[2] + ARGV[1]
if tonumber(redis.call('HGET', KEYS[1], 'pause') or 0) < ends then
  redis.call('HSET', KEYS[1], 'pause', string.format('%.0f', ends))
end
return 0
";

/// Forgets the refusals in a row. KEYS: state.
pub(super) const FORGET_REFUSALS: &str = "return redis.call('HDEL', KEYS[1], 'refusals')";

/// Begins the state of an account that has no call in flight, unless there is one. KEYS: state.
/// Returns 1 if it began.
pub(super) const DECLARE_IDLE: &str = r"
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local t = redis.call('TIME')
local now = string.format('%.0f', t[1] * 1000000 + t[2])
local instance = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
redis.call('HSET', KEYS[1], 'instance', instance, 'generation', now, 'count', 0, 'seen', now,
  'since', 0, 'opens', 0)
return 1
";

/// What [`ADMIT`] decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// The call is admitted.
    Admitted,
    /// The call has to wait for a place, the rate or the end of a pause.
    Wait,
    /// The calls in flight are not known.
    Away,
    /// The script ran after its caller had given up, or the caller's clock stood still.
    Late,
}

impl Status {
    pub(super) fn of(number: u64) -> Self {
        match number {
            0 => Self::Admitted,
            1 => Self::Wait,
            2 => Self::Away,
            _ => Self::Late,
        }
    }
}
