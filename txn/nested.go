package txn

import (
	"runtime"
	"strings"
	"sync"
)

// A call that must not be nested leaves its number on the stack: Call reaches its callee
// through one function for each binary digit of the number, and Inside reads the digits off
// the return addresses. So a goroutine is told from others without a number of its own,
// which Go does not give, and nobody shares memory for it.

// Callee is what Call calls.
type Callee interface{ Call() }

// Call calls c.Call so that [Inside] says true to who is called from there by the same
// goroutine. number is not 0. The complexity is O(log number).
//
//go:noinline
func Call(number uint64, c Callee) {
	digit(number)(number>>1, c)
}

// digit returns the function that stands for the lowest digit; the highest, which is
// always 1, is last.
func digit(number uint64) func(rest uint64, c Callee) {
	switch {
	case number <= 1:
		return last
	case number&1 == 0:
		return zero
	}
	return one
}

//go:noinline
func zero(rest uint64, c Callee) { digit(rest)(rest>>1, c) }

//go:noinline
func one(rest uint64, c Callee) { digit(rest)(rest>>1, c) }

//go:noinline
func last(_ uint64, c Callee) { c.Call() }

// places is where the calls in Call, zero and one return to.
type places struct{ call, zero, one uintptr }

// Call is asked for them by calling itself with both digits.
func (p *places) Call() {
	var pcs [16]uintptr
	for _, pc := range pcs[:runtime.Callers(1, pcs[:])] {
		frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
		switch frame.Function[strings.LastIndexByte(frame.Function, '.')+1:] {
		case "zero":
			p.zero = pc
		case "one":
			p.one = pc
		case "Call":
			p.call = pc // the outer one comes last
		}
	}
}

var findPlaces = sync.OnceValue(func() places {
	var p places
	Call(0b101, &p)
	return p
})

// Inside says whether the goroutine is in a [Call] of number. The complexity is O(n), n the
// depth of the stack.
func Inside(number uint64) bool {
	at := findPlaces()
	var buf [64]uintptr
	pcs := buf[:]
	n := runtime.Callers(2, pcs)
	for n == len(pcs) {
		pcs = make([]uintptr, 2*n)
		n = runtime.Callers(2, pcs)
	}
	got := uint64(1)
	for _, pc := range pcs[:n] {
		switch pc {
		case at.zero:
			got <<= 1
		case at.one:
			got = got<<1 | 1
		case at.call:
			if got == number {
				return true
			}
			got = 1
		}
	}
	return false
}
