package command

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// Each row of the table must be met in the scripts with a success, with a wrong number of words
// and, where it has any, with keys of a wrong type: what was met is noted here.

// met is what was seen of a row.
type met struct{ success, arity, wrongType, other [4]int } // by protocol

var (
	metLock sync.Mutex
	metRows = map[string]*met{}
)

// noteRow notes the reply to a command, which is as it must be.
func noteRow(words []string, r Reply, proto int) {
	cmd := Lookup(words)
	if cmd == nil || r.Kind == Simple && r.Str == "QUEUED" {
		return
	}
	metLock.Lock()
	defer metLock.Unlock()
	m := metRows[cmd.FullName()]
	if m == nil {
		m = &met{}
		metRows[cmd.FullName()] = m
	}
	switch {
	case r.Kind != Error:
		m.success[proto]++
	case strings.HasPrefix(r.Str, "ERR wrong number of arguments"), strings.HasPrefix(r.Str, "ERR unknown subcommand"):
		m.arity[proto]++
	case strings.HasPrefix(r.Str, "WRONGTYPE"):
		m.wrongType[proto]++
	default:
		m.other[proto]++
	}
}

// noteUncompared takes a success back of which no more than the type was compared.
func noteUncompared(words []string, r Reply, proto int) {
	cmd := Lookup(words)
	if cmd == nil || r.Kind == Error || uncompared[cmd.FullName()] != "" {
		return
	}
	metLock.Lock()
	defer metLock.Unlock()
	metRows[cmd.FullName()].success[proto]--
}

// uncompared are the rows of whose successes only the type is compared here, with the reason.
var uncompared = map[string]string{
	"acl|genpass": "it comes from chance", "randomkey": "it comes from chance",
	"client|id": "the number of the client", "client|info": "the state of the client; the fields are compared in a test of their own",
	"command|count": "there are newer commands", "hello": "the version and the number of the client",
	"lastsave": "the time", "time": "the time",
	"memory|doctor": "a text about the allocator", "memory|malloc-stats": "a text about the allocator", "memory|stats": "figures of memory",
}

// queueOf keeps the commands that are queued, and returns them at EXEC.
func queueOf(words []string, r Reply, queued *[][]string) (list [][]string) {
	switch name := lower(words[0]); {
	case r.Kind == Simple && r.Str == "QUEUED":
		*queued = append(*queued, words)
	case name == "exec" || name == "discard" || name == "multi" && r.Kind == Simple:
		list, *queued = *queued, nil
	}
	return list
}

// wrongNumbers runs each row with a word too few and a word too many.
func wrongNumbers(t *testing.T, socket string) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	session, c := srv.NewSession(nil), dialRedis(t, socket)
	for _, proto := range []int{2, 3} {
		session.proto = proto
		c.do(t, "HELLO", strconv.Itoa(proto))
		for _, words := range wrongWords() {
			cmd := Lookup(words)
			want, got := wrongArity(cmd), session.Do(context.Background(), words)
			if !newerRows[cmd.FullName()] && !newerArity[cmd.FullName()] {
				want = c.do(t, words...)
			}
			require.Equal(t, want, got, "%q", words)
			noteRow(words, got, proto)
		}
	}
}

// wrongWords are calls of all rows with a wrong number of words.
func wrongWords() (list [][]string) {
	add := func(cmd *Command) {
		name := strings.Split(cmd.FullName(), "|")
		with := func(n int) {
			if n >= len(name) {
				list = append(list, slices.Concat(name, slices.Repeat([]string{"x"}, n-len(name))))
			}
		}
		if cmd.Arity > 0 {
			with(cmd.Arity + 1)
		}
		with(max(cmd.Arity, -cmd.Arity) - 1)
	}
	for _, cmd := range Commands() {
		if cmd.Subs == nil {
			add(cmd)
		}
		for _, sub := range cmd.Subs {
			add(sub)
		}
	}
	return list
}

// unmet are rows that no script can meet so, with the reason.
var unmet = map[string]string{}

func init() {
	for why, list := range map[string]string{
		"there is no file":                 "acl|load success, acl|save success, config|rewrite success",
		"it is not allowed":                "module|load success, module|loadex success, module|unload success",
		"without a cluster it is an error": "asking success, readonly success, readwrite success",
		"a test of its own, with several clients": "client|caching success, client|getredir success, client|tracking success, client|trackinginfo success, " +
			"monitor success, subscribe success, psubscribe success, ssubscribe success, quit success",
		"they are for an engine, which has tests of its own": "eval success, eval_ro success, evalsha success, evalsha_ro success, fcall success, fcall_ro success, " +
			"function|delete success, function|dump success, function|kill success, function|load success, function|restore success, function|stats success, " +
			"script|kill success, script|load success, eval wrongtype, eval_ro wrongtype, evalsha wrongtype, evalsha_ro wrongtype, fcall wrongtype, fcall_ro wrongtype",
		"it takes values of all types": "mget wrongtype, mset wrongtype, msetex wrongtype, msetnx wrongtype, psetex wrongtype, setex wrongtype, setnx wrongtype, " +
			"memory|usage wrongtype, watch wrongtype",
		"it is of channels":                          "spublish wrongtype, ssubscribe wrongtype, sunsubscribe wrongtype",
		"the error has another text":                 "exec arity, lcs wrongtype, delex wrongtype",
		"there are no samples":                       "latency|graph success",
		"payloads are compared in a test of its own": "dump success, restore success",
	} {
		for _, what := range strings.Split(list, ", ") {
			unmet[what] = why
		}
	}
}

// requireRows says which rows were not met.
func requireRows(t *testing.T) {
	var list []string
	need := func(cmd *Command) {
		if cmd.parent != nil && cmd.parent.Name == "cluster" {
			return // without a cluster it is an error, all of them the same
		}
		m := metRows[cmd.FullName()]
		if m == nil {
			m = &met{}
		}
		for _, proto := range []int{2, 3} {
			miss := func(what string, n [4]int) {
				if n[proto] == 0 && unmet[cmd.FullName()+" "+what] == "" {
					list = append(list, fmt.Sprintf("%s %s/%d", cmd.FullName(), what, proto))
				}
			}
			miss("success", m.success)
			if cmd.Arity != -1 && (cmd.parent == nil || cmd.Arity != -2) {
				miss("arity", m.arity)
			}
			if len(cmd.Keys) > 0 && cmd.Group != "generic" {
				miss("wrongtype", m.wrongType)
			}
		}
	}
	for _, cmd := range Commands() {
		if cmd.Subs == nil {
			need(cmd)
		}
		for _, sub := range cmd.Subs {
			need(sub)
		}
	}
	slices.Sort(list)
	require.Empty(t, list)
}
