package store

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// How long it takes from XADD until who it serves has it, beside others who wait.
func BenchmarkReadBlock(b *testing.B) {
	b.Run("XREAD/1 reader", func(b *testing.B) {
		var after StreamID
		benchmarkReadBlock(b, 1, func(ctx context.Context, x Stream) (int, error) {
			got, err := x.db.XReadBlock(ctx, 0, StreamAt{x.key, AfterID(after)})
			if err == nil {
				list := got[0].Entries
				after = list[len(list)-1].ID
			}
			return len(got), err
		})
	})
	for _, n := range []int{1, 10_000} {
		for _, claim := range []time.Duration{0, time.Hour} {
			name := fmt.Sprintf("XREADGROUP/%d readers of one group", n)
			if claim > 0 {
				name += " with CLAIM"
			}
			b.Run(name, func(b *testing.B) {
				benchmarkReadBlock(b, n, func(ctx context.Context, x Stream) (int, error) {
					list, err := x.Group("g").ReadBlock(ctx, "c", GroupReadOptions{Count: 1, Claim: claim})
					if err == nil {
						_, err = x.Group("g").Ack(list[0].ID)
					}
					return len(list), err
				})
			})
		}
	}
}

func benchmarkReadBlock(b *testing.B, n int, call func(ctx context.Context, x Stream) (int, error)) {
	s := New()
	defer s.Close()
	mkGroup(b, s.DB(0), "x", "g")
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	served := make(chan int, n)
	for range n {
		wg.Go(func() {
			for {
				got, err := call(ctx, s.Stream("x"))
				if err != nil {
					return
				}
				served <- got
			}
		})
	}
	for queuedWaiters(s) < n {
		runtime.Gosched()
	}
	b.ReportAllocs()
	o := XAddOptions{Trim: MaxLen(1000).Approx()}
	for b.Loop() {
		if _, err := s.Stream("x").AddWith(o, Pair{"temperature", "21.5"}); err != nil {
			b.Fatal(err)
		}
		<-served
	}
	cancel()
	wg.Wait()
}

// What a waiting reader takes beside its goroutine.
func BenchmarkReadBlockMemory(b *testing.B) {
	const n = 10_000
	s := New()
	defer s.Close()
	mkGroup(b, s.DB(0), "x", "g")
	for name, queue := range map[string]func() (*waiter, error){
		"XREAD": func() (*waiter, error) {
			_, wt, err := s.DB(0).readOrQueue(context.Background(), "XREAD", 0, []StreamAt{{"x", AtEnd}})
			return wt, err
		},
		"XREADGROUP": func() (*waiter, error) {
			_, wt, _, err := s.DB(0).readGroupOrQueue(context.Background(), "g", "c", GroupReadOptions{}, []StreamAt{{"x", AtNew}})
			return wt, err
		},
	} {
		b.Run(name, func(b *testing.B) {
			waiters := make([]*waiter, n)
			before := heapInUse()
			for i := range waiters {
				wt, err := queue()
				require.NoError(b, err)
				waiters[i] = wt
			}
			used := heapInUse() - before
			for b.Loop() {
			}
			b.ReportMetric(float64(used)/n, "B/waiter")
			for _, wt := range waiters {
				wt.leave()
			}
			noWaiters(b, s)
		})
	}
}
