package command

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// A difference is a reply, or an effect, that is not that of Redis 7.0.15, on purpose. A new
// one gets a row here, and its line in COMMANDS.md by ALCOVE_WRITE=1. The reply to the last of
// its lines must differ; some differences can't be shown by lines.
type difference struct {
	commands, what, why string
	lines               string
}

var differences = []difference{
	// What there is.
	{"all", "commands and options that came after 7.0.15, and that package store has, are taken, such as SET IFEQ, HSCAN NOVALUES, XREAD `+`", "they are in Redis 7.2 to 8.10, with the replies that are documented there", "SET k v\nSET k w IFEQ v"},
	{"COMMAND, COMMAND COUNT, COMMAND LIST, ACL CAT", "have the newer commands, and not those that are absent", "the table has what can be called", "COMMAND COUNT"},
	{"COMMAND DOCS", "summaries are Alcove's own; of a complexity there are the terms, without what their letters mean; history is left out; arguments are those of 7.0.15, for newer commands those of their version", "the pages of the commands have the texts", "COMMAND DOCS get"},
	{"COMMAND, COMMAND INFO", "key specs have no notes", "they are remarks for people", "COMMAND INFO set"},

	// A library has no process, no disk and no network.
	{"MIGRATE", "an error that says that there is no network, where a redis-server would connect; NOKEY and mistakes as in Redis", "the library opens no connection: DUMP and RESTORE carry values", "SET k v\nMIGRATE 127.0.0.1 1 k 0 10"},
	{"REPLICAOF, SLAVEOF", "an error that says that there is no network, but for NO ONE", "the library opens no connection", "REPLICAOF 127.0.0.1 1"},
	{"DEBUG SLEEP", "other clients go on", "nothing here has one thread alone", ""},
	{"DEBUG", "OBJECT shows no address, and bytes in memory as serializedlength; RELOAD, LOADAOF, LOG and others that mean nothing here answer OK; HTSTATS, LISTPACK and others that show the inside of a redis-server are unknown", "there is no such inside", "HSET h f v\nDEBUG LISTPACK h"},
	{"CONFIG SET", "parameters of persistence, replication, TLS and threads are kept and shown, and do nothing else", "clients and tests set them", ""},
	{"CONFIG SET maxclients, timeout, client-query-buffer-limit", "are kept and shown, and do nothing else", "clients are goroutines of the same program", ""},
	{"CONFIG SET proto-max-bulk-len", "beyond 512 MiB it is the limit of arguments, not of strings", "no string of a store is longer", "CONFIG SET proto-max-bulk-len 1gb\nGETBIT k 4294967296"},
	{"CONFIG SET maxmemory, maxmemory-policy", "nothing is evicted, and no command refused", "a store has no limit on its memory yet", "CONFIG SET maxmemory 1\nSET k v"},
	{"OBJECT ENCODING", "follows the limits that a redis-server begins with, such as hash-max-listpack-entries 512, whatever CONFIG SET says", "it is computed: the store has encodings of its own", "CONFIG SET hash-max-listpack-entries 1\nHSET h a 1 b 2\nOBJECT ENCODING h"},
	{"INFO, MEMORY STATS, MEMORY USAGE", "figures of memory are those of the store: bytes of its chunks, pages and values; sections have the fields that mean something, without keyspace_hits and keyspace_misses; avg_ttl is 0; used_cpu_user and used_cpu_sys are those of the program, as of its last collection of garbage, which is what counts as the system's", "the values lie in memory in another way; a read counts nothing", "SET k v\nMEMORY USAGE k"},
	{"INFO errorstats", "shows at least 128 codes of errors, and counts what comes beyond as ERRORSTATS_OVERFLOW, as later versions of Redis do", "scripts and DEBUG ERROR make new codes, each of which takes memory", ""},
	{"LATENCY DOCTOR, LATENCY GRAPH", "one text for every history, and the samples as numbers instead of a picture", "they are for people to look at", ""},
	{"LOLWUT VERSION", "no picture, whichever is asked for", "the last line is what clients read", "LOLWUT VERSION 5"},
	{"OBJECT IDLETIME", "an error, unless the store is made with WithTracking(TrackIdleTime)", "a read of a string writes nothing, and so it keeps no time", "SET k v\nOBJECT IDLETIME k"},
	{"EVAL and its family, SCRIPT LOAD, FCALL, FUNCTION LOAD", "an error that says by which option a ScriptEngine is given, unless one is", "the library has no interpreter in it", "EVAL return 0"},
	{"EVAL, FCALL", "a script is cut off, and nothing of it stays, when the server is closed or the context of Session.Do ends; typed callers who read see what was there before it until it ends", "a script is a transaction", ""},
	{"SCRIPT KILL, FUNCTION KILL, FUNCTION STATS", "answer before busy-reply-threshold, too", "nothing here has one thread alone", ""},
	{"SCRIPT DEBUG", "YES and SYNC are errors", "there is no debugger", ""},
	{"FUNCTION LOAD", "refuses functions of a library whose names differ only in their case", "a redis-server takes them, and ends when they are to be removed", ""},

	// Order and chance.
	{"SCAN, HSCAN, SSCAN, ZSCAN", "other cursors, and other elements with each; the guarantees of SCAN hold", "a cursor is a bound of hashes, which keeps them while the table grows", ""},
	{"KEYS, SMEMBERS, HGETALL, SUNION and others without an order", "another order", "the tables are others", ""},
	{"RANDOMKEY, SPOP, SRANDMEMBER, HRANDFIELD, ZRANDMEMBER", "other picks", "chance", ""},
	{"SWAPDB", "who waits for several keys that come at once gets that which it has named first", "Redis takes them in the order of a table, which is another in each server", ""},
	{"ZRANGEBYLEX, ZLEXCOUNT and others by name", "other members, where scores differ", "Redis says that there the reply is not specified", ""},
	{"XAUTOCLAIM, XPENDING, XINFO", "times are those of the store's clock, which tests may move", "one clock for all", ""},

	// Exactness.
	{"DBSIZE, KEYS, SCAN, RANDOMKEY, EXISTS", "never count or show a key at or past its deadline", "expiry is exact here; Redis deletes by sampling", "SET k v PXAT 1\nDBSIZE"},
	{"SRANDMEMBER, HRANDFIELD, ZRANDMEMBER", "a negative count of which the reply would fill the memory is refused: value is out of range", "a redis-server fills its memory with it", ""},
	{"PFADD, PFCOUNT, PFMERGE", "damage anywhere in a HyperLogLog is an error", "Redis finds what is in its way", ""},
	{"RESTORE, FUNCTION RESTORE", "take payloads of Redis 7.2 and 7.4, too", "what is newer is accepted", ""},
	{"RESTORE", "a payload is checked wholly, also that scores are numbers and entries of streams in order", "as with sanitize-dump-payload yes", ""},
	{"WATCH", "a key that was missing has not changed if it is missing again at EXEC", "a missing key has no version", "WATCH k\nSET k v\nDEL k\nMULTI\nEXEC"},
	{"WATCH", "XGROUP, XSETID, and what consumers do to a group, change the stream", "they are in its value, of which a transaction may have read them", "XADD s 1-1 f v\nXGROUP CREATE s g 0\nWATCH s\nXGROUP SETID s g 1-1\nMULTI\nEXEC"},
	{"WATCH", "a SETBIT or BITFIELD that changes no bit, but unpacks the string, is a change, and so is a BITFIELD with OVERFLOW FAIL that fails where it has made the string longer; PFCOUNT, and an LTRIM that takes nothing away, are none", "what was read has changed, or has not", "RPUSH l a\nWATCH l\nLTRIM l 0 -1\nMULTI\nEXEC"},
	{"XTRIM MINID, XADD MINID", "takes what is below the ID also behind a deleted entry above it, as it may lie after an XSETID that went back", "7.0.15 ends at the first ID above, of whatever is in a node", "XADD s 2-0 f v\nXADD s 9-0 f v\nXDEL s 9-0\nXSETID s 4-0\nXADD s 5-0 f v\nXADD s 6-0 f v\nXTRIM s MINID 6"},
	{"ZADD and others", "a score of -0 is 0", "the two are equal", ""},
	{"PSUBSCRIBE", "several patterns of one message come in the order of their names", "Redis has them in the order of a table", ""},
	{"OBJECT ENCODING", "SORT does not change that of a sorted set", "it is computed", "ZADD z 1 m\nSORT z ALPHA\nOBJECT ENCODING z"},
	{"SORT", "ALPHA compares bytes in every locale, those behind a NUL, too, which 7.0.15 does only with STORE", "a reply must not depend on the machine, nor on how a sort has ordered what it took for equal", ""},
	{"SORT", "does not fail because a number that an earlier command read was out of range", "7.0.15 looks at an errno that it has not cleared", "SADD t 1\nMULTI\nZCOUNT none 1e400 2\nSORT t\nEXEC"},

	// Waiting and messages.
	{"BLPOP and others that wait", "are served, too, by SORT and ZUNIONSTORE that store over a value of another type", "7.0.15 forgets them there; 7.2 serves them", ""},
	{"CLIENT PAUSE, CLIENT UNPAUSE", "the clients that were held up go on in any order", "each is a goroutine of its own", ""},
	{"XREAD BLOCK, XREADGROUP BLOCK", "wait on when XGROUP DESTROY, SWAPDB, or an XADD that trims what it adds, come to a stream without entries", "7.0.15 answers with none if the stream had some", ""},
	{"XREADGROUP BLOCK", "is served by XGROUP SETID that goes back", "there is something to read", ""},
	{"CLIENT TRACKING", "SWAPDB tells that all keys are gone; what consumers of groups do, XSETID, and a SETBIT that only unpacks the string are changes; PFCOUNT, and an LTRIM that takes nothing away, are none", "what is cached would be old, or is not", ""},
	{"CLIENT TRACKING ON BCAST", "a message for each command, or transaction, where a redis-server may have one for several of a pipeline", "each is told before its reply", ""},
	{"CLIENT TRACKING ON BCAST PREFIX", "overlapping prefixes are an error, and nothing else", "7.0.15 answers the error and OK, unless the first prefix overlaps", ""},
	{"CLIENT TRACKING OFF", "the keys that were read are forgotten when nobody tracks any more", "nothing is noted then", ""},
	{"PUBLISH in EXEC", "a message to a channel that the client itself has subscribed to comes before EXEC's reply, not within it", "messages are sent when the transaction is done", ""},
	{"PUBLISH", "does not count a client for which a million messages wait", "the message does not reach it", ""},
}

// Each row of differences that has lines is still true.
func TestDifferences(t *testing.T) {
	c := dialRedis(t, startRedis(t, "--enable-debug-command", "yes"))
	for _, d := range differences {
		if d.lines == "" {
			continue
		}
		s := store.New()
		srv := NewServer(s)
		session := srv.NewSession(nil)
		c.do(t, "REPLICAOF", "NO", "ONE")
		c.do(t, "CONFIG", "SET", "maxmemory", "0", "hash-max-listpack-entries", "512", "proto-max-bulk-len", "512mb")
		c.do(t, "FLUSHALL")
		var theirs, ours Reply
		for line := range strings.SplitSeq(d.lines, "\n") {
			require.NotEqual(t, Error, ours.Kind, "%s: before %s", d.commands, line)
			words := wordsOf(t, line)
			theirs, ours = asRESP2(c.do(t, words...)), asRESP2(session.Do(context.Background(), words))
		}
		require.NotEqual(t, theirs, ours, d.commands)
		srv.Close()
		s.Close()
	}
}
