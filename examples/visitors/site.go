package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/alcovedb/alcove/store"
)

// A site keeps who visits it, in the store and, to compare, exactly.
type site struct {
	s     *store.Store
	o     options
	rng   *rand.Rand
	exact []map[int]bool // the users of each day
}

func newSite(s *store.Store, o options) *site {
	return &site{s: s, o: o, rng: rand.New(rand.NewPCG(o.seed, 0))}
}

func bitmapKey(day int) string { return fmt.Sprintf("day:%d:users", day) }
func hllKey(day int) string    { return fmt.Sprintf("day:%d:visitors", day) }

// name is what a visitor is known by who has no number, such as a cookie.
func name(user int) string { return fmt.Sprintf("cookie-%08x", uint32(user)*2654435761) }

// open lets the users come for all the days. Half of them come as they like, the others
// less and less.
func (st *site) open() error {
	for day := range st.o.days {
		st.exact = append(st.exact, map[int]bool{})
		for user := range st.o.users {
			likely := 0.4
			if user%2 == 0 {
				likely = 0.6 / float64(day+1)
			}
			if st.rng.Float64() >= likely {
				continue
			}
			for range 1 + st.rng.IntN(2) { // some load a second page
				if err := st.visit(day, user); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// visit keeps that a user was there.
func (st *site) visit(day, user int) error {
	st.exact[day][user] = true
	if _, err := st.s.Bitmap(bitmapKey(day)).SetBit(int64(user), true); err != nil {
		return err
	}
	_, err := st.s.HLL(hllKey(day)).Add(name(user))
	return err
}

// union returns how many users came on one of the days, exactly.
func (st *site) union() int {
	all := map[int]bool{}
	for _, day := range st.exact {
		for user := range day {
			all[user] = true
		}
	}
	return len(all)
}

// both returns how many came on both of two days, exactly.
func (st *site) both(a, b int) int {
	n := 0
	for user := range st.exact[a] {
		if st.exact[b][user] {
			n++
		}
	}
	return n
}

// keys returns the keys of all days but the first skip.
func (st *site) keys(key func(day int) string, skip int) []string {
	var keys []string
	for day := skip; day < st.o.days; day++ {
		keys = append(keys, key(day))
	}
	return keys
}
