package conformance

import (
	"slices"
	"strconv"
	"strings"

	lang "github.com/alcovedb/alcove/store/command"
)

// fuzzScenes are what random commands would hardly come to: each has its clients, a, b and c, and
// lines of grammar.
//
//	a! ...   may wait
//	a *5     so many random commands
//	@ 15ms   a wait
//	same:T   the same key in the whole scene
var fuzzScenes = []string{
	// Keys that end while the clients wait.
	"a PEXPIRE same:any 1; a SET same:s val PX 2; a PSETEX same:n 1 int; @ 15ms; a EXISTS same:any same:s same:n; a GET same:s",
	"a WATCH same:any; b PEXPIRE same:any 1; @ 15ms; b EXISTS same:any; a MULTI; a TYPE same:any; a EXEC",
	"a GETEX same:s PX 1; a RESTORE same:r 2 payload REPLACE; @ 15ms; a EXISTS same:s same:r",
	// What is by chance, taken away again.
	"a DEL t9; a SADD t9 member; a SPOP t9; a EXISTS t9",
	"a XADD xauto * field val; a XLEN xauto; a DEL xauto",
	// Connections.
	"a HELLO ( 2 | 3 ) ( - | SETNAME name ); a *3", "a HELLO 3; a *6", "a RESET; a *3", "a QUIT", "a SELECT ( 0 | 1 | 2 | 0 ); a *5",
	"a CLIENT KILL ID <b>; a PING; b PING", "a CLIENT KILL ID <a>", "a CLIENT KILL ID client; a PING",
	"a CLIENT REPLY OFF; a SET same:s val; a GET same:s; a LPUSH key:l elem; a FOO; a CLIENT REPLY ON; a GET same:s",
	"a CLIENT REPLY SKIP; a INCR key:n; a CLIENT REPLY ON; a PING",
	"a CLIENT PAUSE 100000 WRITE; b! SET same:s val; a GET same:s; c! LPUSH l9 elem; a CLIENT UNPAUSE; a GET same:s",
	"a SWAPDB 0 ( 1 | 2 ); a MULTI; a *2; a DISCARD", "a CLIENT PAUSE ( 1 | 2 ) ( ALL | WRITE ); a SET same:s val; b SET same:s val; b GET same:s",
	"a MONITOR; b *5; a PING; a RESET",
	// Users.
	"a ACL SETUSER u1 reset on >p ~s* %R~l* &c* +@all ( - | -set | -@write | -client ); b AUTH u1 ( p | p | p | x ); b *6; b PUBLISH channel val; b AUTH default x; a ACL LOG; a ACL LOG RESET",
	"a ACL SETUSER u2 on nopass allkeys +@all; b AUTH u2 x; b ACL WHOAMI; a ACL DELUSER u2; b PING",
	// Channels.
	"a SUBSCRIBE channel +{ channel }; b PUBLISH channel val; b PUBLISH channel val; a PING; a UNSUBSCRIBE channel; b PUBLISH channel val; a ( SUBSCRIBE | PSUBSCRIBE ) channel; b PUBSUB NUMSUB c1 c2; a UNSUBSCRIBE; a PUNSUBSCRIBE; a PING",
	"a PSUBSCRIBE ( c* | * | ?1 ) d1; a SUBSCRIBE c1; b PUBLISH channel val; b PUBSUB NUMPAT; b *4; a PING x; a ( PUNSUBSCRIBE | RESET ); a UNSUBSCRIBE; a PUNSUBSCRIBE",
	"a SSUBSCRIBE channel channel; b SPUBLISH channel val; b PUBLISH channel val; b PUBSUB SHARDNUMSUB c1; a PING; a SUNSUBSCRIBE ( - | channel ); a SUNSUBSCRIBE; a PING",
	"a HELLO 3; a SUBSCRIBE channel; a *4; a PUBLISH channel val; b PUBLISH channel val; a *2; a UNSUBSCRIBE",
	"a CONFIG SET notify-keyspace-events ( KEA | Kg$ | Elshz | KEAm ); b PSUBSCRIBE __key*; c *8; b PING; c *4; b PING; b PUNSUBSCRIBE; a CONFIG SET notify-keyspace-events -",
	// Caches.
	"a HELLO 3; a CLIENT TRACKING ON ( - | NOLOOP ); a GET same:s; a HGETALL same:h; a LRANGE same:l 0 -1; b SET same:s val; b HSET same:h field hval; " +
		"b DEL same:l; a SET same:s val; a PING; a CLIENT TRACKINGINFO; a CLIENT TRACKING OFF",
	"a HELLO 3; a CLIENT TRACKING ON OPTIN; a CLIENT CACHING YES; a GET same:s; a GET key:n; b INCR key:n; b APPEND same:s val; a PING; a CLIENT GETREDIR; a CLIENT TRACKING OFF",
	"a HELLO 2; a CLIENT TRACKING ON REDIRECT <b>; a GET same:n; a CLIENT GETREDIR; c INCR same:n; b PING; a CLIENT TRACKING OFF",
	// Transactions that others disturb, or not.
	"a WATCH same:any key:any; b *2; a MULTI; a *3; b TYPE same:any; a EXEC",
	"a WATCH same:s; b ( SET same:s val | GET same:s | APPEND same:s val | EXPIRE same:s 100000 | PERSIST same:s | RENAME same:s key:s | SWAPDB 0 1 | FLUSHDB | COPY same:s key:s REPLACE | DEL none | SETRANGE same:s 0 - ); " +
		"a MULTI; a GET same:s; a EXEC",
	"a WATCH key:any key:any; a ( UNWATCH | DISCARD | GET key:s ); b *3; a MULTI; a *2; a ( EXEC | DISCARD )",
	// Those who wait.
	"a DEL l9 l8; a BLPOP l9 l8 0; b ( LPUSH | RPUSH ) l9 +{ elem }; b LLEN l9", "a DEL l9; a BLMOVE l9 key:l side side 0; c BRPOP key:l 0; b RPUSH l9 elem elem; b LRANGE l9 0 -1",
	"a DEL l9; a BRPOPLPUSH l9 key:any 0; b MULTI; b RPUSH l9 elem; b LPOP l9; b EXEC; b RPUSH l9 elem", "a DEL l9; a BLMPOP 0 2 l9 l8 side COUNT 2; b RENAME key:l l9",
	"a DEL z9; a BZPOPMIN z9 0; c BZPOPMAX z9 z8 0; b ZADD z9 score member; b ZADD z9 score member score member", "a DEL z9; a BZMPOP 0 1 z9 minmax; b ZADD z9 score member; b ZCARD z9",
	"a DEL l9 z9; a BLPOP l9 0; b ( SET l9 val | ZADD l9 1 a | SADD l9 a ); b DEL l9; b RPUSH l9 elem",
	"a XREAD BLOCK 0 STREAMS same:x $; b XADD same:x xid field val; b XLEN same:x",
	"a XREADGROUP GROUP g1 c1 BLOCK 0 STREAMS same:x >; b XADD same:x xid field val; c ( XGROUP DESTROY same:x g1 | DEL same:x | SET same:x val )",
	"a DEL l9; a BLPOP l9 0; b CLIENT UNBLOCK <a> ( - | TIMEOUT | ERROR ); b RPUSH l9 elem", "a DEL l9; a BLPOP l9 0; b CLIENT KILL ID <a>; b RPUSH l9 elem; b LLEN l9",
	"a BLPOP none 0.01; a BZMPOP 0.01 1 none MIN; a XREAD BLOCK 5 STREAMS key:x $",
}

// rareScenes have commands that no others have.
var rareScenes = func() (list []string) {
	for _, scene := range fuzzScenes {
		for _, name := range []string{"MONITOR", "CACHING", "QUIT", "CLIENT REPLY", "SSUBSCRIBE", "DISCARD", "SWAPDB", "CLIENT KILL"} {
			if strings.Contains(scene, name) {
				list = append(list, scene)
			}
		}
	}
	return list
}()

// scene makes the steps of a scene with these clients.
func (g *fuzzSpeaker) scene(text string, who []int) (steps []fuzzStep) {
	g.same = map[string]string{}
	for line := range strings.SplitSeq(text, "; ") {
		actor, rest, _ := strings.Cut(line, " ")
		if actor == "@" {
			steps = append(steps, fuzzStep{who: -1, words: []string{rest}})
			continue
		}
		step := fuzzStep{who: who[actor[0]-'a'], hangs: strings.HasSuffix(actor, "!"), more: g.rnd.IntN(2) == 0}
		g.large = false
		g.db = g.w.clients[step.who].db
		if count, ok := strings.CutPrefix(rest, "*"); ok {
			n, _ := strconv.Atoi(count)
			for range n {
				if step.words = g.modest(); step.words != nil {
					steps = append(steps, step)
				}
			}
			continue
		}
		for i := range who { // the letters are those of the scene
			rest = strings.ReplaceAll(rest, "<"+string(rune('a'+i))+">", "<"+strings.ToUpper(string(rune('a'+who[i])))+">")
		}
		step.words = g.line(rest)
		for i, word := range step.words {
			if len(word) == 3 && word[0] == '<' {
				step.words[i] = strings.ToLower(word)
			}
		}
		if strings.HasPrefix(rest, "CONFIG SET notify") && len(step.words) == 3 {
			step.words = append(step.words, "")
		}
		step.more = step.more && !strings.Contains(rest, "UNPAUSE") // then others go on
		steps = append(steps, step)
	}
	return steps
}

// modest makes a command that changes no more than keys.
func (g *fuzzSpeaker) modest() []string {
	for range 20 {
		_, words := g.command(true)
		cmd := lang.Lookup(words)
		if cmd != nil && len(cmd.Keys) > 0 && cmd.Flags&lang.Blocking == 0 && cmd.Group != "transactions" && cmd.Group != "pubsub" {
			return words
		}
	}
	return nil
}

// notPiped are commands that are not sent in one go with what is before them: the state is
// looked at first, see allowed, or redis-server wants it so.
var notPiped = map[string]bool{
	"watch": true, "sort": true, "sort_ro": true, "script|debug": true, "xgroup|setid": true, "client|unblock": true,
	"client|tracking": true,
}

// batch makes random commands of a client.
func (g *fuzzSpeaker) batch(who int, mayWait bool) (steps []fuzzStep) {
	c := g.w.clients[who]
	g.db = c.db
	multi, probes := c.multi, g.rnd.IntN(8) == 0
	n := 1 + g.rnd.IntN(4)
	if g.rnd.IntN(3) > 0 {
		n = 1 + g.rnd.IntN(40)
	}
	add := func(words []string) { steps = append(steps, fuzzStep{who: who, words: words, more: true}) }
	for len(steps) < n {
		if multi && g.rnd.IntN(8) == 0 {
			add([]string{pick(g.rnd, []string{"EXEC", "EXEC", "DISCARD"})})
			multi = false
			continue
		}
		before, words := g.command(multi)
		cmd := lang.Lookup(words)
		if fuzzWaits(words) && !multi && !mayWait && !fuzzShort(words) {
			continue
		}
		if before != nil {
			add(before)
		}
		if notPiped[cmd.FullName()] && len(steps) > 0 {
			steps[len(steps)-1].more = false
		}
		switch name := cmd.FullName(); name {
		case "multi":
			multi = multi || len(words) == 1
		case "exec", "discard", "reset":
			multi = multi && len(words) > 1
		}
		if probes {
			g.probe(cmd, words, add)
		}
		add(words)
		if name := cmd.FullName(); slices.Contains([]string{"select", "flushall", "flushdb", "swapdb", "reset", "hello", "auth"}, name) {
			break
		}
	}
	steps[len(steps)-1].more = false
	return steps
}

// probe adds the look at the first key of a command.
func (g *fuzzSpeaker) probe(cmd *lang.Command, words []string, add func([]string)) {
	switch places, ok := cmd.KeyPlaces(words); {
	case notPiped[cmd.FullName()]:
	case ok && len(places) > 0:
		add([]string{"type", words[places[0]]})
	default:
		add([]string{"echo", "no key"})
	}
}

// fills makes keys of all kinds.
func (g *fuzzSpeaker) fills(who int) (steps []fuzzStep) {
	for kind, ways := range sortedFill {
		for i := range 3 {
			for _, way := range ways[:max(1, len(ways)-1)] {
				words := g.line(strings.ReplaceAll(way, "key:"+kind, kind+strconv.Itoa(1+i)))
				steps = append(steps, fuzzStep{who: who, words: words, more: true})
			}
		}
	}
	return steps
}

// sortedFill ranges over fuzzFill in order.
func sortedFill(yield func(string, []string) bool) {
	var kinds []string
	for kind := range fuzzFill {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		if !yield(kind, fuzzFill[kind]) {
			return
		}
	}
}
