package store_test

import (
	"fmt"

	"github.com/alcovedb/alcove/store"
)

// Unique visitors of two days, whose names nobody keeps.
func ExampleHLL() {
	s := store.New()
	defer s.Close()

	s.HLL("monday").Add("Alice", "Bob", "Carol")
	changed, _ := s.HLL("tuesday").Add("Bob", "Dave", "Bob")
	monday, _ := s.HLL("monday").Count()
	both, _ := s.HLL("monday").Count("tuesday")
	fmt.Println(changed, monday, both)

	s.HLL("week").Merge("monday", "tuesday")
	week, _ := s.HLL("week").Count()
	none, err := s.HLL("sunday").Count()
	fmt.Println(week, none, err)
	// Output:
	// true 3 4
	// 4 0 <nil>
}

// A value goes to a Redis, by SET, or comes from there.
func ExampleHLL_Count() {
	s := store.New()
	defer s.Close()

	fromRedis := "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80U;\x80N\xb2\x84Q\xcc\x80J@"
	s.String("visitors").Set(fromRedis)
	n, _ := s.HLL("visitors").Count()
	fmt.Println(n)
	// Output:
	// 3
}
