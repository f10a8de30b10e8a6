package peer

import "github.com/alcovedb/alcove/store"

func idOf(ms int) store.StreamID { return store.StreamID{Ms: uint64(ms)} }

func (a alcove) XAdd(key string, ms int, sensor, temp string) {
	s, more := a.s.Stream(key), store.Pair{Key: "temp", Value: temp}
	if ms == 0 {
		must1(s.Add("sensor", sensor, more))
		return
	}
	must1(s.AddWith(store.XAddOptions{ID: store.ExactID(idOf(ms))}, store.Pair{Key: "sensor", Value: sensor}, more))
}

func (a alcove) XRange(key string, ms, n int) int {
	return len(must1(a.s.Stream(key).Range(store.ByID(idOf(ms), store.MaxStreamID).Count(n))))
}

func (a alcove) XGroupCreate(key, group string) {
	must(a.s.Stream(key).Group(group).Create(store.AfterID(store.MinStreamID)))
}

func (a alcove) XReadGroup(key, group string) bool {
	g := a.s.Stream(key).Group(group)
	entries := must1(g.Read("worker", store.GroupReadOptions{Count: 1}))
	if len(entries) == 0 {
		return false
	}
	one(must1(g.Ack(entries[0].ID)))
	return true
}
