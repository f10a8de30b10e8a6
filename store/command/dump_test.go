package command

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// makers are scripts whose commands make values of all types.
var makers = []string{"string", "bitmap", "hll", "lists", "sets", "zsets", "geo", "hashes", "streams"}

// TestDumpAcross makes values of random commands, here and in a real redis-server, and moves
// each to the other side by DUMP and RESTORE: the digests stay the same.
func TestDumpAcross(t *testing.T) {
	c := dialRedis(t, startRedis(t, "--enable-debug-command", "yes"))
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	session := srv.NewSession(nil)
	ours := func(words ...string) Reply { return session.Do(context.Background(), words) }
	redis := func(words ...string) Reply { return c.do(t, words...) }

	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	moved := 0
	for round := range 12 {
		redis("FLUSHALL")
		ours("FLUSHALL")
		for _, name := range makers {
			lines := scriptLines(t, name)
			lines = slices.DeleteFunc(lines, func(words []string) bool {
				cmd := Lookup(words)
				return cmd == nil || cmd.Flags&(Write|ReadOnly) == 0 || cmd.Flags&Blocking != 0 ||
					slices.ContainsFunc(words, func(word string) bool { return same(word, "block") }) ||
					slices.Contains([]string{"flushall", "flushdb", "swapdb", "move", "migrate"}, cmd.Name)
			})
			from := r.IntN(len(lines))
			for _, words := range lines[from:min(len(lines), from+60)] {
				side := redis
				if round%2 == 0 {
					side = ours
				}
				side(words...)
			}
		}
		if round%2 == 0 {
			moved += moveAll(t, ours, redis)
		} else {
			moved += moveAll(t, redis, ours)
		}
	}
	require.Greater(t, moved, 50)
}

// moveAll moves all values from one side to the other, and back under another name.
func moveAll(t *testing.T, from, to func(words ...string) Reply) (moved int) {
	t.Helper()
	for _, key := range listOf(from("KEYS", "*")) {
		from("PERSIST", key) // a digest tells of a deadline
		digest := from("DEBUG", "DIGEST-VALUE", key)
		payload := from("DUMP", key)
		if payload.Kind == Null || strings.HasPrefix(payload.Str, "ERR no payload can have the value") {
			continue
		}
		require.Equal(t, Bulk, payload.Kind, "DUMP %q: %v", key, payload)
		if payload.Str[len(payload.Str)-10] > 10 { // fields with deadlines, of which 7.0.15 knows nothing
			continue
		}
		require.Equal(t, ok, to("RESTORE", key, "0", payload.Str, "REPLACE"), "%q: %q", key, payload.Str)
		require.Equal(t, digest, to("DEBUG", "DIGEST-VALUE", key), "%q there: %q", key, payload.Str)
		require.Equal(t, from("TYPE", key), to("TYPE", key))
		back := to("DUMP", key)
		require.Equal(t, ok, from("RESTORE", "back:"+key, "0", back.Str, "REPLACE"), "%q: %q", key, back.Str)
		require.Equal(t, digest, from("DEBUG", "DIGEST-VALUE", "back:"+key), "%q back: %q", key, back.Str)
		require.Equal(t, to("OBJECT", "ENCODING", key), from("OBJECT", "ENCODING", "back:"+key), "%q: %q", key, payload.Str)
		if inOrder(from("OBJECT", "ENCODING", key).Str) {
			require.Equal(t, payload, back, "%q: the bytes of the payload", key)
		}
		moved++
	}
	return moved
}

// inOrder says whether the payload of an encoding has only one form: not a hash table, whose
// order is any, and not a list, which may be divided anywhere.
func inOrder(encoding string) bool {
	return !slices.Contains([]string{"hashtable", "quicklist", "stream"}, encoding)
}
