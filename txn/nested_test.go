package txn

import (
	"testing"

	"github.com/stretchr/testify/require"
)

type callee func()

func (c callee) Call() { c() }

func TestInside(t *testing.T) {
	numbers := []uint64{1, 2, 3, 4, 5, 6, 7, 100, 1 << 20, 1<<40 + 12345, 1<<64 - 1}
	deep := func(n int, f func()) {
		var down func(n int)
		down = func(n int) {
			if n == 0 {
				f()
				return
			}
			down(n - 1)
		}
		down(n)
	}
	for _, depth := range []int{0, 1, 29, 30, 31, 32, 33, 64, 1000} {
		for _, a := range numbers {
			require.False(t, Inside(a))
			deep(depth, func() {
				Call(a, callee(func() {
					deep(depth, func() {
						for _, b := range numbers {
							require.Equal(t, a == b, Inside(b), "depth %d: %d in %d", depth, b, a)
						}
						Call(9, callee(func() { // both are on the stack
							require.True(t, Inside(9))
							require.True(t, Inside(a))
						}))
						require.False(t, Inside(9))
						done := make(chan bool)
						go func() { done <- Inside(a) }()
						require.False(t, <-done, "another goroutine")
					})
				}))
			})
		}
	}
}

func BenchmarkInside(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Inside(1)
	}
}
