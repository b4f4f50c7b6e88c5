-- Appends a batch of envelopes, unless it was appended before and only the answer got lost.
-- KEYS: the stream, the number of the publisher's last batch
-- ARGV: publisher, batch number, milliseconds to keep envelopes, most envelopes to keep, envelopes...
if redis.call('GET', KEYS[2]) == ARGV[2] then
  return
end

for i = 5, #ARGV do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*', 'from', ARGV[1], 'envelope', ARGV[i])
end

local now = redis.call('TIME')
local oldest = now[1] * 1000 + math.floor(now[2] / 1000) - ARGV[3]
redis.call('XTRIM', KEYS[1], 'MINID', '~', string.format('%.0f', oldest))
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
