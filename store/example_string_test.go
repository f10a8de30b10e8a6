package store_test

import (
	"fmt"
	"time"

	"github.com/alcovedb/alcove/store"
)

// Compare and set: a value is replaced only if it is still what was read.
func ExampleString_SetWith_compare() {
	s := store.New()
	defer s.Close()

	page := s.String("page")
	page.Set("draft")
	for _, old := range []string{"draft", "draft"} {
		r, err := page.SetWith("published", store.SetOptions{If: store.IfEqual, Match: old})
		fmt.Println(r.Set, err)
	}
	// Output:
	// true <nil>
	// false <nil>
}

// A lock that only its owner frees, however late it comes.
func ExampleString_DelEx() {
	s := store.New()
	defer s.Close()

	lock := s.String("lock:report")
	lock.SetWith("first", store.SetOptions{If: store.IfAbsent, Expiry: store.ExpireIn(time.Minute)})
	freed, err := lock.DelEx(store.IfEqual, "second")
	fmt.Println(freed, err)
	freed, err = lock.DelEx(store.IfEqual, "first")
	fmt.Println(freed, err)
	// Output:
	// false <nil>
	// true <nil>
}

// A digest stands for a long value.
func ExampleString_Digest() {
	s := store.New()
	defer s.Close()

	page := s.String("page")
	page.Set("Hello world")
	seen, _ := page.Digest()
	fmt.Println(seen)

	page.Append("!")
	r, _ := page.SetWith("mine", store.SetOptions{If: store.IfDigestEqual, Match: seen})
	fmt.Println(r.Set)
	// Output:
	// b6acb9d84a38ff74
	// false
}

// A limit of two calls a minute: the first one sets the deadline, and above the bound
// nothing is added.
func ExampleString_IncrEx() {
	clock := store.NewManualClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	s := store.New(store.WithClock(clock))
	defer s.Close()

	call := func() {
		n, added, err := s.String("calls:alice").IncrEx(1, store.IncrExOptions{
			UBound:   store.IntBound(2),
			Expiry:   store.ExpireIn(time.Minute),
			ExpireIf: store.IfAbsent,
		})
		fmt.Println(n, added == 1, err)
	}
	call()
	clock.Advance(30 * time.Second)
	call()
	call()
	clock.Advance(30 * time.Second)
	call()
	// Output:
	// 1 true <nil>
	// 2 true <nil>
	// 2 false <nil>
	// 1 true <nil>
}

func ExampleString_IncrExByFloat() {
	s := store.New()
	defer s.Close()

	level := s.String("level")
	level.Set("9.5")
	n, added, err := level.IncrExByFloat(1.25, store.IncrExOptions{UBound: store.IntBound(10), Saturate: true})
	fmt.Println(n, added, err)
	// Output: 10 0.5 <nil>
}

func ExampleDB_MSetEX() {
	s := store.New()
	defer s.Close()

	pairs := []store.Pair{{Key: "token:1", Value: "f00d"}, {Key: "token:2", Value: "cafe"}}
	for range 2 {
		set, err := s.MSetEX(store.IfAbsent, store.ExpireIn(time.Hour), pairs...)
		fmt.Println(set, err)
	}
	left, _ := s.TTL("token:2")
	fmt.Println(left.Round(time.Minute))
	// Output:
	// true <nil>
	// false <nil>
	// 1h0m0s
}
