package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// benchmarked are commands as clients send them.
var benchmarked = []string{
	"PING", "GET string", "SET string value", "INCR counter", "HSET hash field value", "HGET hash field",
	"ZADD zset 1 member", "LPUSH list value", "RPOP list", "MGET string string string string string string string string string string",
	"SETEX volatile 100 value", "CLIENT ID",
}

func prepare(b *testing.B, s *store.Store) {
	require.NoError(b, s.String("string").Set("value"))
	_, err := s.Hash("hash").Set("field", "value")
	require.NoError(b, err)
}

// BenchmarkSession has a client run a command, without what brings it to the session.
func BenchmarkSession(b *testing.B) {
	for _, line := range benchmarked {
		args := strings.Fields(line)
		b.Run("cmd="+strings.ToLower(args[0]), func(b *testing.B) {
			s := store.New()
			defer s.Close()
			prepare(b, s)
			srv := NewServer(s)
			defer srv.Close()
			c := srv.NewSession(nil)
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			b.ReportAllocs()
			for b.Loop() {
				if r := c.Do(ctx, args); r.Kind == Error {
					b.Fatal(r.Str)
				}
			}
		})
	}
}

// BenchmarkSessions has each core's client read strings.
func BenchmarkSessions(b *testing.B) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	for i := range 1000 {
		require.NoError(b, s.String(strconv.Itoa(i)).Set("value"))
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		c := srv.NewSession(nil)
		args := []string{"get", ""}
		for i := 0; pb.Next(); i++ {
			args[1] = strconv.Itoa(i % 1000)
			c.Do(context.Background(), args)
		}
	})
}

// BenchmarkDo has a caller who has words run them.
func BenchmarkDo(b *testing.B) {
	for _, line := range benchmarked {
		args := strings.Fields(line)
		b.Run("cmd="+strings.ToLower(args[0]), func(b *testing.B) {
			s := store.New()
			defer s.Close()
			prepare(b, s)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Do(b.Context(), s.DB(0), args...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkExec has a client run a transaction of ten commands.
func BenchmarkExec(b *testing.B) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	c := srv.NewSession(nil)
	words := [][]string{{"multi"}}
	for i := range 10 {
		words = append(words, []string{"set", "key:" + strconv.Itoa(i), "value"})
	}
	words = append(words, []string{"exec"})
	b.ReportAllocs()
	for b.Loop() {
		for _, args := range words {
			c.Do(b.Context(), args)
		}
	}
}

// BenchmarkInfoKeyspace asks for the figures of a database with many keys.
func BenchmarkInfoKeyspace(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("keys=%d", n), func(b *testing.B) {
			s := store.New()
			defer s.Close()
			for i := range n {
				require.NoError(b, s.String(strconv.Itoa(i)).Set("value"))
			}
			srv := NewServer(s)
			defer srv.Close()
			c := srv.NewSession(nil)
			for b.Loop() {
				c.Do(b.Context(), []string{"INFO", "keyspace"})
			}
		})
	}
}
