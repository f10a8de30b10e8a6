package conformance

import "strings"

// fuzzGrammars say which words come after the name of a command.
//
//	key:T    a key, mostly of type T (s string, n number, b bitmap, p HyperLogLog, l list, t set, z sorted set, h hash, x stream, g places)
//	nkeys:T  a number, and so many keys
//	a|b      one of them; - is none
//	( )      a group
//	{ }      a group that comes 0 to 3 times
//	+{ }     one that comes 1 to 3 times
//	other words in lower case are in generators; those in upper case stand for themselves
//
// What is said of a client by its letter, such as <a>, is its number, which is another on each side.
var fuzzGrammars = map[string]string{
	"append": "key:s val", "decr": "key:n", "decrby": "key:n int", "incr": "key:n", "incrby": "key:n int",
	"incrbyfloat": "key:n float", "get": "key:s", "getdel": "key:s", "getset": "key:s val", "strlen": "key:s",
	"getex":    "key:s ( - | EX rel | PX relms | EXAT at | PXAT atms | PERSIST )",
	"getrange": "key:s int int", "substr": "key:s int int", "setrange": "key:s offset val",
	"lcs":  "key:s key:s { LEN | IDX | MINMATCHLEN int | WITHMATCHLEN }",
	"mget": "+{ key:s }", "mset": "+{ key:s val }", "msetnx": "+{ key:s val }",
	"psetex": "key:s relms val", "setex": "key:s rel val", "setnx": "key:s val",
	"set": "key:s ( val | val | int ) { NX | XX | GET | KEEPTTL | EX rel | PX relms | EXAT later | PXAT later }",

	"bitcount":    "key:b ( - | int int | int int BYTE | int int BIT )",
	"bitfield":    "key:b { GET bits bitat | SET bits bitat int | INCRBY bits bitat int | OVERFLOW ( WRAP | SAT | FAIL ) }",
	"bitfield_ro": "key:b { GET bits bitat }",
	"bitop":       "( AND | OR | XOR | NOT ) key:b +{ key:b }",
	"bitpos":      "key:b bit ( - | int | int int | int int BYTE | int int BIT )",
	"getbit":      "key:b offset", "setbit": "key:b offset bit",

	"pfadd": "key:p { member }", "pfcount": "+{ key:p }", "pfmerge": "key:p { key:p }",

	"geoadd": "key:g { NX | XX | CH } +{ lon lat place }", "geodist": "key:g place place ( - | unit )",
	"geohash": "key:g { place }", "geopos": "key:g { place }",
	"georadius":            "key:g lon lat radius unit { WITHCOORD | WITHDIST | WITHHASH | COUNT count | COUNT count ANY | ASC | DESC | STORE key:g | STOREDIST key:z }",
	"georadius_ro":         "key:g lon lat radius unit { WITHCOORD | WITHDIST | WITHHASH | COUNT count | ASC | DESC }",
	"georadiusbymember":    "key:g place radius unit { WITHCOORD | WITHDIST | WITHHASH | COUNT count | ASC | DESC | STORE key:g | STOREDIST key:z }",
	"georadiusbymember_ro": "key:g place radius unit { WITHCOORD | WITHDIST | WITHHASH | COUNT count | ASC | DESC }",
	"geosearch":            "key:g ( FROMMEMBER place | FROMLONLAT lon lat ) ( BYRADIUS radius unit | BYBOX radius radius unit ) { WITHCOORD | WITHDIST | WITHHASH | COUNT count | ASC | DESC }",
	"geosearchstore":       "key:g key:g ( FROMMEMBER place | FROMLONLAT lon lat ) ( BYRADIUS radius unit | BYBOX radius radius unit ) { COUNT count | ASC | DESC | STOREDIST }",

	"hdel": "key:h +{ field }", "hexists": "key:h field", "hget": "key:h field", "hgetall": "key:h",
	"hincrby": "key:h field int", "hincrbyfloat": "key:h field hfloat", "hkeys": "key:h", "hlen": "key:h",
	"hmget": "key:h +{ field }", "hmset": "key:h +{ field hval }", "hset": "key:h +{ field hval }",
	"hsetnx": "key:h field hval", "hstrlen": "key:h field", "hvals": "key:h",
	"hrandfield": "key:h ( - | count | count WITHVALUES )", "hscan": "key:h 0 { MATCH pattern | COUNT 1000 }",

	"blmove": "key:l key:l side side wait", "blmpop": "wait nkeys:l side ( - | COUNT count )",
	"blpop": "+{ key:l } wait", "brpop": "+{ key:l } wait", "brpoplpush": "key:l key:l wait",
	"lindex": "key:l int", "linsert": "key:l ( BEFORE | AFTER ) elem elem", "llen": "key:l",
	"lmove": "key:l key:l side side", "lmpop": "nkeys:l side ( - | COUNT count )",
	"lpop": "key:l ( - | count )", "rpop": "key:l ( - | count )",
	"lpos":  "key:l elem { RANK int | COUNT int | MAXLEN int }",
	"lpush": "key:l +{ elem }", "rpush": "key:l +{ elem }", "lpushx": "key:l +{ elem }", "rpushx": "key:l +{ elem }",
	"lrange": "key:l int int", "lrem": "key:l int elem", "lset": "key:l int elem", "ltrim": "key:l int int",
	"rpoplpush": "key:l key:l",

	"sadd": "key:t +{ member }", "scard": "key:t", "sdiff": "+{ key:t }", "sdiffstore": "key:t +{ key:t }",
	"sinter": "+{ key:t }", "sintercard": "nkeys:t ( - | LIMIT count )", "sinterstore": "key:t +{ key:t }",
	"sismember": "key:t member", "smembers": "key:t", "smismember": "key:t +{ member }",
	"smove": "key:t key:t member", "spop": "key:t 1000000", "srandmember": "key:t ( - | count )",
	"srem": "key:t +{ member }", "sscan": "key:t 0 { MATCH pattern | COUNT 1000 }",
	"sunion": "+{ key:t }", "sunionstore": "key:t +{ key:t }",

	"bzmpop": "wait nkeys:z minmax ( - | COUNT count )", "bzpopmax": "+{ key:z } wait", "bzpopmin": "+{ key:z } wait",
	"zadd":  "key:z { NX | XX | GT | LT | CH | INCR } ( +{ score member } | score member ) | key:z { NX | XX | GT | LT | CH } +{ score member } | key:y { NX | CH } +{ 0 word }",
	"zcard": "key:z", "zcount": "key:z smin smax", "zdiff": "nkeys:z ( - | WITHSCORES )", "zdiffstore": "key:z nkeys:z",
	"zincrby":     "key:z score member",
	"zinter":      "nkeys:z { WEIGHTS score score | AGGREGATE agg | WITHSCORES }",
	"zintercard":  "nkeys:z ( - | LIMIT count )",
	"zinterstore": "key:z nkeys:z { WEIGHTS score score | AGGREGATE agg }",
	"zlexcount":   "key:y lmin lmax", "zmpop": "nkeys:z minmax ( - | COUNT count )", "zmscore": "key:z +{ member }",
	"zpopmax": "key:z ( - | count )", "zpopmin": "key:z ( - | count )",
	"zrandmember":   "key:z ( - | count | count WITHSCORES )",
	"zrange":        "key:z ( int int | smin smax BYSCORE | smax smin BYSCORE REV | int int REV ) { LIMIT int int | WITHSCORES }",
	"zrangebylex":   "key:y lmin lmax ( - | LIMIT int int )",
	"zrangebyscore": "key:z smin smax { LIMIT int int | WITHSCORES }",
	"zrangestore":   "key:z key:z ( int int | smin smax BYSCORE | smax smin BYSCORE REV | int int REV ) ( - | LIMIT int int )",
	"zrank":         "key:z member", "zrem": "key:z +{ member }", "zremrangebylex": "key:y lmin lmax",
	"zremrangebyrank": "key:z int int", "zremrangebyscore": "key:z smin smax", "zrevrange": "key:z int int ( - | WITHSCORES )",
	"zrevrangebylex": "key:y lmax lmin ( - | LIMIT int int )", "zrevrangebyscore": "key:z smax smin { LIMIT int int | WITHSCORES }",
	"zrevrank": "key:z member", "zscan": "key:z 0 { MATCH pattern | COUNT 1000 }", "zscore": "key:z member",
	"zunion":      "nkeys:z { WEIGHTS score score | AGGREGATE agg | WITHSCORES }",
	"zunionstore": "key:z nkeys:z { WEIGHTS score score | AGGREGATE agg }",

	"xack": "key:x group +{ id }", "xadd": "key:x ( - | - | - | NOMKSTREAM | trim | NOMKSTREAM trim ) xid +{ field val }",
	"xautoclaim": "key:x group consumer idle id { COUNT count | JUSTID }",
	"xclaim":     "key:x group consumer idle +{ id } { JUSTID | FORCE | RETRYCOUNT count | IDLE idle | TIME atms | LASTID id }",
	"xdel":       "key:x +{ id }", "xgroup|create": "key:x group idlast { MKSTREAM | ENTRIESREAD int }",
	"xgroup|createconsumer": "key:x group consumer", "xgroup|delconsumer": "key:x group consumer",
	"xgroup|destroy": "key:x group", "xgroup|setid": "key:x group idlast ( - | ENTRIESREAD int )",
	"xinfo|consumers": "key:x group", "xinfo|groups": "key:x", "xinfo|stream": "key:x ( - | - | FULL | FULL COUNT count )",
	"xlen": "key:x", "xpending": "key:x group ( - | idmin idmax count ( - | consumer ) | IDLE 0 idmin idmax count )",
	"xrange": "key:x idmin idmax ( - | COUNT count )", "xrevrange": "key:x idmax idmin ( - | COUNT count )",
	"xread":      "( - | COUNT count ) ( - | BLOCK ms ) STREAMS ( key:x idlast | key:x key:x idlast idlast )",
	"xreadgroup": "GROUP group consumer { COUNT count | NOACK } ( - | BLOCK ms ) STREAMS ( key:x idnew | key:x key:x idnew idnew )",
	"xsetid":     "key:x id ( - | - | ENTRIESADDED count | MAXDELETEDID id )",
	"xtrim":      "key:x trim",

	"copy": "key:any key:any { REPLACE | DB db }", "del": "+{ key:any }", "unlink": "+{ key:any }", "exists": "+{ key:any }",
	"expire": "key:any rel { NX | XX | GT | LT }", "pexpire": "key:any relms { NX | XX | GT | LT }",
	"expireat": "key:any at { NX | XX | GT | LT }", "pexpireat": "key:any atms { NX | XX | GT | LT }",
	"expiretime": "key:any", "pexpiretime": "key:any", "ttl": "key:any", "pttl": "key:any", "persist": "key:any",
	"keys": "pattern", "move": "key:any db", "rename": "key:any key:any", "renamenx": "key:any key:any",
	"object|encoding": "key:any", "object|refcount": "key:any", "object|freq": "( key:any | none )", "object|idletime": "key:any",
	"object|help": "", "scan": "0 COUNT 1000 { MATCH pattern | TYPE type }",
	"sort":    "( key:l | key:t | key:Z | key:n ) { BY ( s* | n* | nosort | h*->a ) | LIMIT int int | GET ( # | n* | h*->b ) | ASC | DESC | ALPHA | STORE key:l }",
	"sort_ro": "( key:l | key:t | key:Z ) { BY ( s* | n* | nosort | h*->a ) | LIMIT int int | GET ( # | n* ) | ASC | DESC | ALPHA }",
	"touch":   "+{ key:any }", "type": "key:any", "wait": "0 ( 0 | 1 )", "randomkey": "",

	"dump": "key:any", "restore": "key:r ( 0 | 0 | relms ) payload ( - | REPLACE | REPLACE | REPLACE IDLETIME 5 | REPLACE FREQ 3 )",
	"migrate": "127.0.0.1 1 nothing 0 10",

	"multi": "", "exec": "", "discard": "", "watch": "+{ key:any }", "unwatch": "",
	"select": "db", "echo": "val", "ping": "( - | val )", "dbsize": "", "flushdb": "( - | SYNC | ASYNC )", "flushall": "( - | SYNC )",
	"swapdb": "db db", "publish": "channel val", "spublish": "channel val", "pubsub|numpat": "", "pubsub|numsub": "{ channel }",
	"pubsub|channels": "( - | pattern )", "pubsub|shardchannels": "( - | pattern )", "pubsub|shardnumsub": "{ channel }", "pubsub|help": "",
	"unsubscribe": "channel", "punsubscribe": "channel", "sunsubscribe": "channel",

	"client|getname": "", "client|setname": "name", "client|id": "", "client|info": "", "client|list": "( - | ID client | TYPE normal | TYPE pubsub )",
	"client|no-evict": "( ON | OFF )", "client|help": "", "client|getredir": "", "client|trackinginfo": "", "client|unpause": "",
	"client|unblock": "client ( - | TIMEOUT | ERROR )", "client|pause": "1 ( - | ALL | WRITE )",
	"auth": "( nobody x | default x )", "hello": "( - | 2 | 3 )", "reset": "",

	"command|count": "", "command|docs": "nope", "command|getkeys": "( mget +{ key:s } | sort key:l STORE key:l | zunionstore key:z 2 key:z key:z | get )",
	"command|getkeysandflags": "( set key:s val | lmove key:l key:l LEFT RIGHT | zunionstore key:z ( 1 | 2 | 01 ) key:z key:z | bitfield key:b { OVERFLOW WRAP | GET u8 0 | SET u8 0 1 } )", "command|help": "",
	"command|info": "nope", "command|list": "FILTERBY ( PATTERN xau* | PATTERN config|* | ACLCAT transaction | MODULE x )",
	"config|get":       "( maxmemory | nope | maxmemory-policy | slowlog-max-len | notify-keyspace-events maxmemory-samples )",
	"config|set":       "( slowlog-max-len count | maxmemory-samples 5 | maxmemory-samples 7 | nope x | slowlog-max-len 128 maxmemory-samples 5 )",
	"config|resetstat": "", "config|help": "",
	"debug": "( SLEEP 0 | DIGEST-VALUE key:any | SET-ACTIVE-EXPIRE 1 | OBJECT nothing | JMAP | PROTOCOL protocol | ERROR word )",
	"info":  "( - | server | keyspace | replication | nope )", "lastsave": "", "time": "", "lolwut": "", "role": "",
	"replicaof": "NO ONE", "slaveof": "NO ONE", "module|list": "", "module|help": "",
	"latency|doctor": "", "latency|help": "", "latency|histogram": "nope", "latency|history": "val", "latency|latest": "", "latency|reset": "( - | val )",
	"memory|doctor": "", "memory|help": "", "memory|malloc-stats": "", "memory|purge": "", "memory|stats": "", "memory|usage": "key:any ( - | SAMPLES 0 )",
	"slowlog|get": "( - | int )", "slowlog|help": "", "slowlog|len": "", "slowlog|reset": "",
	"acl|cat": "( nope | geo | transaction )", "acl|deluser": "+{ user }", "acl|dryrun": "( default | user ) get key:s", "acl|genpass": "( - | 8 )",
	"acl|getuser": "( default | user )", "acl|help": "", "acl|list": "", "acl|log": "( - | RESET | count )", "acl|setuser": "user { rule }",
	"acl|users": "", "acl|whoami": "",
	"script|exists": "+{ val }", "script|flush": "( - | SYNC )", "script|help": "", "script|debug": "NO", "function|flush": "( - | ASYNC )",
	"function|help": "", "function|list": "( - | LIBRARYNAME x )",
	"xgroup|help": "", "xinfo|help": "",
}

// fuzzRare are commands that take a lot away, or end what others have begun; they come once in so many times.
var fuzzRare = map[string]int{
	"unwatch": 2, "client|unblock": 2, "watch": 2, "acl|setuser": 2, "xgroup|destroy": 6, "del": 2, "unlink": 2, "move": 2, "rename": 2,
}

// fuzzFill says how keys of a kind come about.
var fuzzFill = map[string][]string{
	"s": {"SET key:s val", "APPEND key:s val"}, "n": {"SET key:n int"}, "b": {"SETBIT key:b offset 1", "SET key:b val"}, "p": {"PFADD key:p member member"},
	"l": {"RPUSH key:l elem elem elem", "LPUSH key:l +{ elem }"}, "t": {"SADD key:t member member +{ member }"},
	"z": {"ZADD key:z score member score member +{ score member }"}, "Z": {"ZADD key:Z score member score member"}, "y": {"ZADD key:y 0 word 0 word 0 word"},
	"h": {"HSET key:h field hval field hval", "HSET key:h a 1 b 2"}, "H": {"HSET key:H field Hval field Hval"},
	"x": {"XADD key:x xid field val", "XGROUP CREATE key:x g1 0 MKSTREAM", "XGROUP CREATE key:x g1 0 MKSTREAM"}, "g": {"GEOADD key:g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 2.3522 48.8566 Paris"},
}

// fuzzWords are what generators choose from.
var fuzzWords = map[string][]string{
	"int":    {"0", "1", "2", "3", "-1", "-2", "-3", "5", "10", "-10", "100", "1000000", "9223372036854775807", "-9223372036854775808"},
	"float":  {"0", "1", "1.5", "-2.25", "0.1", "1e3", "-1e-3", "3.0e5", "123456789.123", "inf", "nan", "1e308"},
	"hfloat": {"0", "1", "1.5", "-2.25", "0.1", "1e3", "-1e-3", "3.0e5", "inf", "nan", "x"},
	"val":    {"", "a", "b", "hello", "1", "12", "-5", "3.5", "a\x00b", "\xff\xfe", "foobar foobar", "a string of more than forty-four bytes, so that it is raw", "10001"},
	"hval":   {"", "a", "1", "12", "-5", "3.5", "word"},
	"Hval":   {"", "a", "1", strings.Repeat("long", 17)},
	"offset": {"0", "1", "2", "5", "7", "8", "9", "17", "100", "1000", "-1", "4294967296"},
	"bit":    {"0", "1"},
	"bits":   {"u1", "u2", "u8", "i8", "u16", "i16", "u32", "i32", "i5", "u63", "i64", "u64", "i1"},
	"bitat":  {"0", "1", "#0", "#1", "#2", "8", "13", "100"},
	"member": {"a", "b", "c", "d", "e", "f", "1", "2", "3", "10", "-7", "", "aa", "ab", "A", "3.5", "99999999999"},
	"word":   {"a", "b", "c", "d", "e", "f", "", "aa", "ab", "A", "[", "("},
	"elem":   {"a", "b", "c", "1", "2", "3", "", "10", "-1", strings.Repeat("x", 70)},
	"field":  {"a", "b", "c", "d", "e", "1", ""},
	"score":  {"0", "1", "2", "3", "-1", "1.5", "inf", "-inf", "1e10", "0.1", "100", "-2.5", "1e-7", "3.0000000000000004", "1e300", "12345678901234567"},
	"smin":   {"-inf", "-1", "0", "(0", "1", "(1", "2", "(-2.5", "-inf", "1.5", "5"},
	"smax":   {"+inf", "inf", "3", "(3", "2", "(2", "1e10", "100", "0", "(1", "+inf"},
	"lmin":   {"-", "-", "[a", "(a", "[b", "(b", "[", "(", "[aa"},
	"lmax":   {"+", "+", "[c", "(c", "[d", "[b", "(a", "[a", "("},
	"count":  {"0", "1", "2", "3", "10", "-1", "100"},
	"side":   {"LEFT", "RIGHT", "left"},
	"minmax": {"MIN", "MAX", "min"},
	"agg":    {"SUM", "MIN", "MAX", "sum"},
	"wait":   {"0", "0", "0.001", "1000000"},
	"lon":    {"0", "13.361389", "15.087269", "-122.4", "179.9", "-180", "2.3522", "13.5", "181"},
	"lat":    {"0", "38.115556", "37.502669", "37.8", "-85", "48.8566", "38", "86"},
	"place":  {"Palermo", "Catania", "Paris", "null", "SF", "x"},
	"radius": {"0", "1", "10", "100", "200", "1000", "1e5", "20000", "0.5", "-1"},
	"unit":   {"m", "km", "mi", "ft", "KM"},
	"id":     {"1-0", "1-1", "2-0", "3-5", "5", "0-1", "10-10", "0-0", "7-7", "8-1", "9-*", "18446744073709551615-18446744073709551615"},
	"idmin":  {"-", "-", "0", "1-1", "(1-1", "2", "(2-0", "5-1"},
	"idmax":  {"+", "+", "2", "(5", "10-9", "3-5", "(10-10", "1"},
	"idlast": {"$", "0", "0-0", "1-1", "5", "2-0"},
	"idnew":  {">", ">", ">", "0", "1-1", "5"},
	"group":  {"g1", "g1", "g1", "g1", "g1", "g1", "g2", "g3"}, "consumer": {"c1", "c2", "c3"},
	"idle":     {"0", "0", "0", "10000000000"},
	"db":       {"0", "1", "2", "0", "0", "16", "-1"},
	"type":     {"string", "list", "set", "zset", "hash", "stream", "STRING", "foo"},
	"pattern":  {"*", "a*", "?", "[ab]*", "*1", "s?", "[^a]", "\\a", "", "l[1-2]", "h*", "x1"},
	"trim":     {"MAXLEN 3", "MAXLEN = 2", "MAXLEN 0", "MINID 2-0", "MINID = 3", "MAXLEN 10", "MAXLEN ~ 1000 LIMIT 10", "MAXLEN ~ 100"},
	"ms":       {"0", "1", "1000000"},
	"channel":  {"c1", "c2", "c3", "d1"},
	"name":     {"", "anna", "bert", "a b", "x"},
	"user":     {"u1", "u2"},
	"rule":     {"on", "off", ">p", "nopass", "~s*", "%R~l*", "&c*", "+@all", "-@write", "+get", "-set", "allkeys", "resetkeys", "+foo", "(~a* +get)", "clearselectors", "+config|get"},
	"protocol": {"string", "integer", "double", "null", "array", "set", "map", "bignum", "verbatim", "true", "false"},
}
