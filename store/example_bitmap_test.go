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
