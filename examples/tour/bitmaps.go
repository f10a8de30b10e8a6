package main

import (
	"io"

	"github.com/alcovedb/alcove/store"
)

// bitmapsSection keeps who was there on which day, a bit a user, and packs counters.
func bitmapsSection(w io.Writer, s *store.Store) error {
	g := &guide{w: w}

	g.say("A bitmap is a string, used bit by bit. A bit that was never set is 0.")
	monday, tuesday := s.Bitmap("monday"), s.Bitmap("tuesday")
	for _, user := range []int64{3, 7, 1_000_000} {
		if _, err := monday.SetBit(user, true); err != nil {
			return err
		}
	}
	old, err := tuesday.SetBit(7, true)
	g.got(`s.Bitmap("tuesday").SetBit(7, true)`, old, err)
	bit, err := monday.GetBit(7)
	g.got(`s.Bitmap("monday").GetBit(7)`, bit, err)
	bit, err = monday.GetBit(8)
	g.got(`s.Bitmap("monday").GetBit(8)`, bit, err)

	g.say("They are counted and searched, all of one or a range of bits or bytes.")
	n, err := monday.Count()
	g.got(`s.Bitmap("monday").Count()`, n, err)
	n, err = monday.Count(store.ByBit(0, 999))
	g.got(`s.Bitmap("monday").Count(store.ByBit(0, 999))`, n, err)
	at, err := monday.Pos(true, store.FromBit(8))
	g.got(`s.Bitmap("monday").Pos(true, store.FromBit(8))`, at, err)

	g.say("Who came again, and who did not.")
	size, err := s.Bitmap("both").Op(store.BitAnd, "monday", "tuesday")
	g.got(`s.Bitmap("both").Op(store.BitAnd, "monday", "tuesday")`, size, err)
	n, err = s.Bitmap("both").Count()
	g.got(`s.Bitmap("both").Count()`, n, err)
	size, err = s.Bitmap("lost").Op(store.BitDiff, "monday", "tuesday")
	g.got(`s.Bitmap("lost").Op(store.BitDiff, "monday", "tuesday")`, size, err)
	n, err = s.Bitmap("lost").Count()
	g.got(`s.Bitmap("lost").Count()`, n, err)

	g.say("Fields of some bits are small integers; this one stays at its limit.")
	level := store.Unsigned(4).At(0)
	for range 2 {
		r, err := s.Bitmap("player").Field(level.IncrBy(9).Overflow(store.OverflowSat))
		g.got(`s.Bitmap("player").Field(level.IncrBy(9)...)`, r, err)
	}
	return g.err
}
