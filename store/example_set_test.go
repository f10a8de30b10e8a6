package store_test

import (
	"fmt"
	"slices"

	"github.com/alcovedb/alcove/store"
)

func ExampleSet() {
	s := store.New()
	defer s.Close()

	s.Set("go").Add("alcove", "bbolt", "redigo")
	s.Set("database").Add("alcove", "bbolt", "redis")
	both, _ := s.Set("go").Inter("database")
	slices.Sort(both)
	fmt.Println(both)

	n, _ := s.Set("all").UnionStore("go", "database")
	is, _ := s.Set("all").IsMember("redis")
	fmt.Println(n, is)

	seq, err := s.Set("nothing").All()
	fmt.Println(slices.Collect(seq), err)
	// Output:
	// [alcove bbolt]
	// 4 true
	// [] <nil>
}

// A raffle: every ticket has the same chance, and none wins twice.
func ExampleSet_PopN() {
	s := store.New()
	defer s.Close()

	tickets := s.Set("tickets")
	tickets.Add("Alice", "Bob", "Charlie", "Dora", "Emil")
	winners, _ := tickets.PopN(3)
	left, _ := tickets.Card()
	fmt.Println(len(winners), left)
	// Output: 3 2
}

// How many are in one of two sets, and in the first alone.
func ExampleSet_UnionCard() {
	s := store.New()
	defer s.Close()

	s.Set("monday").Add("Ann", "Bob", "Cid")
	s.Set("tuesday").Add("Bob", "Dee")
	visitors, _ := s.Set("monday").UnionCard(0, "tuesday")
	gone, _ := s.Set("monday").DiffCard(0, "tuesday")
	two, _ := s.Set("monday").UnionCard(2, "tuesday") // are there as many as two?
	fmt.Println(visitors, gone, two)
	// Output: 4 2 2
}
