package redistest

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// TestMessage has the message of the package's documentation.
func TestMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeT{}
		r := Run(t)
		_, err := r.Store().Hash("session:anna").Set("user", "anna")
		require.NoError(t, err)
		_, err = r.Store().Expire("session:anna", time.Hour)
		require.NoError(t, err)
		_, err = r.Store().Set("online").Add("anna")
		require.NoError(t, err)
		r.Equal(f, Data{"online": Set{"anna"}})
		require.Equal(t, []string{`redistest: database 0 is not as expected (- expected, + there):
- session:anna is not there
+ session:anna hash "user": "anna"

There is:
online set "anna"
session:anna hash (ttl 1h0m0s) "user": "anna"
`}, f.errors)
	})
}

// TestDiff shows of what differs as much as one can read.
func TestDiff(t *testing.T) {
	var many, other List
	for i := range 300 {
		many = append(many, fmt.Sprint("value ", i))
	}
	other = append(append(other, many[:200]...), "else")
	for _, test := range []struct {
		is, want any
		diff     string
	}{
		{"a", "b", "- k string \"b\"\n+ k string \"a\"\n"},
		{"1", 1, ""},
		{"1.5", 1.5, ""},
		{"0.1", float32(0.1), ""},
		{"x", []byte("x"), ""},
		{"a", List{"a"}, "- k list \"a\"\n+ k string \"a\"\n"},
		{List{"a", "b"}, []string{"b", "a"}, "- k list \"b\", \"a\"\n+ k list \"a\", \"b\"\n"},
		{Set{"a", "b"}, Set{"b", "a", "b"}, ""},
		{ZSet{"a": 2, "b": 1}, map[string]float64{"a": 2, "b": 1.5}, "- k zset \"b\" 1.5, \"a\" 2\n+ k zset \"b\" 1, \"a\" 2\n"},
		{Hash{"f": "v"}, map[string]string{"f": "v"}, ""},
		{Stream{{"a": "1"}, {"b": "2"}}, Stream{{"a": "1"}, {"b": "3"}}, "- k stream\n-     \"a\": \"1\"\n-     \"b\": \"3\"\n+ k stream\n+     \"a\": \"1\"\n+     \"b\": \"2\"\n"},
		{Entries{"1-1": {"a": "1", "b": "2"}}, Entries{"1-2": {"a": "1", "b": "2"}}, "- k stream 1-2 \"a\": \"1\", \"b\": \"2\"\n+ k stream 1-1 \"a\": \"1\", \"b\": \"2\"\n"},
		{"a", nil, "- k is not there\n+ k string \"a\"\n"},
		{nil, "a", "- k string \"a\"\n+ k is not there\n"},
		{nil, List{}, ""},
		{"a", Expires("a", store.NoTTL), ""},
		{"a", Expires("a", time.Second), "- k string (ttl 1s) \"a\"\n+ k string \"a\"\n"},
		{many, other, "- k list ... 199 more before, \"value 199\", \"else\"\n+ k list\n+     ... 199 more before\n+     \"value 199\"\n"},
	} {
		r := Run(t)
		put(t, r, "k", test.is)
		f := &fakeT{}
		r.Holds(f, Data{"k": test.want})
		if test.diff == "" {
			require.Empty(t, f.errors, test)
			continue
		}
		require.Len(t, f.errors, 1, test)
		require.Contains(t, f.errors[0], "there):\n"+test.diff, test)
	}
}

// put stores a value of Data.
func put(t *testing.T, r *Redis, key string, v any) {
	t.Helper()
	s := r.Store()
	var err error
	switch v := v.(type) {
	case string:
		err = s.String(key).Set(v)
	case List:
		_, err = s.List(key).RPush(v...)
	case Set:
		_, err = s.Set(key).Add(v...)
	case ZSet:
		for m, score := range v {
			_, err = s.ZSet(key).Add(store.Scored{Member: m, Score: score})
		}
	case Hash:
		for f, value := range v {
			_, err = s.Hash(key).Set(f, value)
		}
	case Stream:
		for _, fields := range v {
			_, err = s.Stream(key).AddWith(store.XAddOptions{}, pairsOf(fields)...)
		}
	case Entries:
		for id, fields := range v {
			at, bad := store.ParseStreamID(id)
			require.NoError(t, bad)
			_, err = s.Stream(key).AddWith(store.XAddOptions{ID: store.ExactID(at)}, pairsOf(fields)...)
		}
	}
	require.NoError(t, err)
}

func TestWhole(t *testing.T) {
	f := &fakeT{}
	r := Run(t)
	put(t, r, "a", "1")
	require.NoError(t, r.Store().DB(3).String("other").Set("x"))
	_, err := r.Store().Stream("empty").AddWith(store.XAddOptions{}, store.Pair{Key: "f"})
	require.NoError(t, err)
	_, err = r.Store().Stream("empty").Trim(store.MaxLen(0))
	require.NoError(t, err)
	r.Equal(f, Data{"a": "1", "empty": Stream{}})
	r.Equal(f, Data{"a": "1", "empty": Entries{}})
	require.Empty(t, f.errors, "other databases don't count")
	r.Holds(f, Data{})
	require.Empty(t, f.errors)
	r.Equal(f, Data{"a": "1"})
	require.Len(t, f.errors, 1)
	require.Contains(t, f.errors[0], "database 3:\nother string \"x\"\n")
}

// TestMany: a failure has no more keys than one can read; Dump has all.
func TestMany(t *testing.T) {
	r := Run(t)
	want := Data{}
	for i := range mostKeys + 7 {
		put(t, r, fmt.Sprint("key", i), "v")
		put(t, r, fmt.Sprint("same", i), "v")
		want[fmt.Sprint("same", i)] = "v"
	}
	f := &fakeT{}
	r.Equal(f, want)
	require.Len(t, f.errors, 1)
	require.Contains(t, f.errors[0], "\n... and 7 more keys differ\n\nThere is:\n")
	require.Equal(t, mostKeys, strings.Count(f.errors[0], "is not there"))
	require.True(t, strings.HasSuffix(f.errors[0], fmt.Sprintf("\n... and %d more keys\n", mostKeys+14)), f.errors[0])
	require.Equal(t, 2*(mostKeys+7), strings.Count(r.Dump(), "\n"))
}
