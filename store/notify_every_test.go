package store

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// silentWrites are the methods that change something and send no notification, and why.
var silentWrites = map[string]string{
	"DB.FlushDB":     "as FLUSHDB",
	"Store.FlushAll": "as FLUSHALL",
	"Stream.CfgSet":  "as XCFGSET",
}

// TestEveryWriteIsTold calls every method with every kind of key: what has changed something
// has sent a notification, and what has sent one of a missing key has sent no second one.
func TestEveryWriteIsTold(t *testing.T) {
	if raceEnabled {
		t.Skip("one goroutine")
	}
	base := newTest(t, WithShards(1))
	fillKinds(t, base.DB(0), 60)
	print, silent, told := printOf(t, base), map[string]bool{}, 0
	for i, key := range append([]string{"none"}, kindKeys...) {
		if i%2 == 0 && i > 0 {
			continue // the large ones
		}
		var names []string
		eachMethod(base, base.DB(0), key, func(name string, _ reflect.Value) { names = append(names, name) })
		for _, name := range names {
			s := newFork(t, base)
			heard := recordEvents(t, s, "KAn")
			eachMethod(s, s.DB(0), key, func(other string, method reflect.Value) {
				if other == name {
					_, _ = invoke(t, method, name, key)
				}
			})
			if print == printOf(t, s) {
				continue
			}
			if told++; len(heard.take()) == 0 {
				if silentWrites[name] == "" {
					t.Errorf("%s of %s has changed something and said nothing", name, key)
				}
				silent[name] = true
			}
		}
	}
	require.Greater(t, told, 100)
	for name := range silentWrites {
		require.True(t, silent[name], "%s says something, or changes nothing", name)
	}
}

// misses is how often a method says that the key of its handle is missing, as Redis does: where
// it is not once for what reads, and not at all for what writes.
var misses = map[string]int{
	// They look at no key, or not as a read.
	"DB.All": 0, "DB.DBSize": 0, "DB.Fingerprint": 0, "DB.Keys": 0, "DB.MemoryUsage": 0, "DB.ObjectEncoding": 0,
	"DB.ObjectFreq": 0, "DB.ObjectIdleTime": 0, "DB.RandomKey": 0, "DB.Scan": 0,
	// They look it up more than once.
	"DB.XRead": 2, "DB.XReadBlock": 2,
	// invoke gives them the key once more.
	"HLL.Merge": 2, "Set.Diff": 2, "Set.DiffCard": 2, "Set.Inter": 2, "Set.InterCard": 2, "Set.Union": 2,
	"Set.UnionCard": 2, "Set.UnionCardApprox": 2,
	// They write what they have read.
	"DB.Copy": 1, "DB.CopyWith": 1, "DB.SortStore": 1, "DB.XReadGroup": 1, "DB.XReadGroupBlock": 1, "Group.Ack": 1,
	"Group.AutoClaim": 1, "Group.AutoClaimJustID": 1, "Group.Claim": 1, "Group.ClaimJustID": 1, "Group.ClaimWith": 1,
	"Group.Nack": 1, "Group.NackWith": 1, "Group.Read": 1, "Group.ReadBlock": 1, "Group.ReadHistory": 1,
	"String.GetDel": 1, "String.GetEx": 1, "String.GetSet": 1,
}

// TestEveryMissIsTold wants what reads a missing key to say so once, and what writes not to.
func TestEveryMissIsTold(t *testing.T) {
	for name := range misses {
		require.Contains(t, methodRules, name)
	}
	for name := range methodRules {
		if strings.HasPrefix(name, "Store.") {
			continue // of no key
		}
		s := newTest(t, WithShards(1))
		call := func(db DB) (err error) {
			eachMethod(nil, db, "key", func(other string, method reflect.Value) {
				if other == name {
					_, err = invoke(t, method, name, "key")
				}
			})
			return err
		}
		sn := s.Snapshot()
		want, known := misses[name]
		if writes := errors.Is(call(sn.DB(0)), ErrReadOnly); !known && !writes {
			want = 1
		}
		require.NoError(t, sn.Close())
		heard := recordEvents(t, s, "Km")
		_ = call(s.DB(0))
		got := map[string]int{}
		for _, text := range heard.take() {
			got[text]++
		}
		require.Equal(t, want, got["__keyspace@0__:key "+missed], name)
		for text, n := range got {
			require.True(t, n == 1 || strings.Contains(text, ":key "), "%s: %s comes %d times", name, text, n)
		}
	}
}

// ComparedCommands returns the commands whose notifications are compared with Redis's, or with
// what its source says, and those that need not be.
func ComparedCommands(t *testing.T) []string {
	names := map[string]bool{}
	for _, d := range differs {
		names[d.name] = true
	}
	for _, script := range waitScripts {
		for line := range strings.SplitSeq(script.lines, "|") {
			if _, command, waits := strings.Cut(line, ">"); waits {
				line = command
			}
			names[fieldsOf(t, line)[0]] = true
		}
	}
	for _, cases := range newerCases(t, "testdata/newer/events/*.txt") {
		for _, c := range cases {
			for _, line := range c.lines {
				names[fieldsOf(t, line.command)[0]] = true
			}
		}
	}
	for _, name := range newerReads {
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names))
}
