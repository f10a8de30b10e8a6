package command

import (
	"context"
	"fmt"
	"testing"

	"github.com/alcovedb/alcove/store"
)

// BenchmarkTracking measures commands while nobody tracks, while another client does, and by
// one that does.
func BenchmarkTracking(b *testing.B) {
	get, set := []string{"GET", "k"}, []string{"SET", "k", "v"}
	for _, who := range []string{"nobody", "another", "itself", "broadcast"} {
		b.Run(who, func(b *testing.B) {
			st := store.New()
			defer st.Close()
			srv := NewServer(st)
			defer srv.Close()
			s, other := srv.NewSession(nil), srv.NewSession(nil)
			switch who {
			case "another":
				say(other, "CLIENT TRACKING ON")
			case "itself":
				say(s, "CLIENT TRACKING ON")
			case "broadcast":
				say(other, "HELLO 3")
				say(other, "CLIENT TRACKING ON BCAST")
				other.Sent()
			}
			for name, words := range map[string][]string{"GET": get, "SET": set} {
				b.Run(name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						s.Do(context.Background(), words)
						s.Sent()
					}
				})
			}
		})
	}
}

// BenchmarkPrefixes writes a key that is of none of the prefixes that clients have asked for.
func BenchmarkPrefixes(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			srv, list := newSessions(b, 1)
			how := "BCAST"
			for i := range n {
				how += fmt.Sprintf(" PREFIX p%06d:", i)
			}
			newTracker(b, srv, how)
			set := []string{"SET", "other", "v"}
			b.ReportAllocs()
			for b.Loop() {
				list[0].Do(context.Background(), set)
			}
		})
	}
}
