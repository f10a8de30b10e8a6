package store_test

import (
	"fmt"

	"github.com/alcovedb/alcove/store"
)

// Who was here: a bit a user and day.
func ExampleBitmap() {
	s := store.New()
	defer s.Close()

	for _, user := range []int64{3, 7, 1_000_000} {
		s.Bitmap("monday").SetBit(user, true)
	}
	s.Bitmap("tuesday").SetBit(7, true)
	n, _ := s.Bitmap("monday").Count()
	was, _ := s.Bitmap("tuesday").GetBit(3)
	fmt.Println(n, was)

	s.Bitmap("both").Op(store.BitAnd, "monday", "tuesday")
	first, _ := s.Bitmap("both").Pos(true)
	fmt.Println(first)
	// Output:
	// 3 false
	// 7
}

// Two counters in 24 bits, of which the second stays at its limit.
func ExampleBitmap_Field() {
	s := store.New()
	defer s.Close()

	views, likes := store.Unsigned(16).At(0), store.Unsigned(8).At(16)
	counters := s.Bitmap("page:1")
	counters.Field(views.Set(65_535), likes.Set(254))
	for range 2 {
		r, _ := counters.Field(
			views.IncrBy(1),
			likes.IncrBy(1).Overflow(store.OverflowSat),
		)
		fmt.Println(r[0].Value, r[1].Value)
	}
	r, _ := counters.Field(likes.IncrBy(1).Overflow(store.OverflowFail))
	fmt.Println(r[0].Failed)
	// Output:
	// 0 255
	// 1 255
	// true
}

// The first seat that is free.
func ExampleBitmap_Pos() {
	s := store.New()
	defer s.Close()

	seats := s.Bitmap("seats")
	for _, seat := range []int64{0, 1, 2, 5} {
		seats.SetBit(seat, true)
	}
	free, _ := seats.Pos(false)
	later, _ := seats.Pos(false, store.ByBit(5, 7))
	_, err := seats.Pos(true, store.FromBit(6))
	fmt.Println(free, later, err)
	// Output:
	// 3 6 store: not found
}
