package store

import (
	"math"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/alcovedb/alcove/structures"
)

// StreamInfo is what [Stream.Info] says of a stream.
type StreamInfo struct {
	Len          int
	LastID       StreamID // the greatest ID that it has given
	MaxDeletedID StreamID // the greatest ID that was deleted
	FirstID      StreamID // of the oldest entry, 0-0 if there is none
	EntriesAdded int64    // how many entries it has ever had
	Groups       int
	First, Last  *Entry // nil if there is none
}

// StreamInfoFull is what [Stream.InfoFull] says of a stream.
type StreamInfoFull struct {
	StreamInfo
	Entries   []Entry
	GroupList []GroupInfoFull
}

// GroupInfo is what [Stream.InfoGroups] says of a consumer group.
type GroupInfo struct {
	Name          string
	Consumers     int
	Pending       int
	LastDelivered StreamID // the ID behind which the group gets entries
	EntriesRead   *int64   // how many entries there were up to there; nil if nobody knows
	Lag           *int64   // how many are still to come; nil if nobody knows
}

// GroupInfoFull is what [Stream.InfoFull] says of a consumer group.
type GroupInfoFull struct {
	GroupInfo
	PEL          []PendingInfo // the entries that are pending, by ID
	ConsumerList []ConsumerInfoFull
}

// PendingInfo is an entry that is pending.
type PendingInfo struct {
	ID         StreamID
	Consumer   string    // empty, too, if it was given back and is nobody's
	Delivered  time.Time // when it was last; the start of 1970 if it was given back
	Deliveries int64     // how often
}

// ConsumerInfo is what [Group.InfoConsumers] says of a consumer.
type ConsumerInfo struct {
	Name    string
	Pending int
	Idle    time.Duration // since it last got or claimed something
}

// ConsumerInfoFull is what [Stream.InfoFull] says of a consumer.
type ConsumerInfoFull struct {
	ConsumerInfo
	Seen time.Time     // when it last got or claimed something
	PEL  []PendingInfo // the entries that are pending to it, by ID
}

// Info returns what there is to know of the stream. A missing key is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// Unlike in Redis, there are no radix trees to count.
//
// The complexity is O(log n), n the number of entries. Redis: [XINFO STREAM].
//
// [XINFO STREAM]: https://redis.io/docs/latest/commands/xinfo-stream/
func (s Stream) Info() (StreamInfo, error) {
	v, locked, err := s.read("XINFO STREAM", nil)
	defer locked.release()
	if v == nil {
		return StreamInfo{}, unlessFound(err)
	}
	info := infoOf(v)
	for _, e := range entriesOf(v, MinStreamID, MaxStreamID, false, 1) {
		info.First = &e
	}
	for _, e := range entriesOf(v, MinStreamID, MaxStreamID, true, 1) {
		info.Last = &e
	}
	return info, nil
}

// unlessFound is ErrNotFound where there is no error.
func unlessFound(err error) error {
	if err == nil {
		return ErrNotFound
	}
	return err
}

func infoOf(v *structures.Stream) StreamInfo {
	return StreamInfo{
		Len: v.Len(), LastID: StreamID(v.LastID()), MaxDeletedID: StreamID(v.MaxDeleted()), FirstID: StreamID(v.FirstID()),
		EntriesAdded: int64(v.Added()), Groups: len(v.GroupNames()),
	}
}

// InfoFull returns all there is to know of the stream, with its first entries, groups and
// consumers, and of the entries that are pending to each the first: up to count, with 0 all,
// and with a negative count 10. A missing key is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the number of entries, groups, consumers and pending entries
// returned. Redis: [XINFO STREAM].
//
// [XINFO STREAM]: https://redis.io/docs/latest/commands/xinfo-stream/
func (s Stream) InfoFull(count int) (StreamInfoFull, error) {
	v, err := s.clone("XINFO STREAM")
	if v == nil {
		return StreamInfoFull{}, unlessFound(err)
	}
	switch {
	case count < 0:
		count = 10
	case count == 0:
		count = math.MaxInt
	}
	full := StreamInfoFull{StreamInfo: infoOf(v)}
	full.Entries = entriesOf(v, MinStreamID, MaxStreamID, false, count)
	now := s.db.s.now()
	for _, name := range v.GroupNames() {
		g := v.Group(name)
		info := GroupInfoFull{GroupInfo: groupInfo(v, name), PEL: pelOf(count, func(visit func(structures.StreamPending) bool) {
			g.Walk(structures.StreamID{}, visit)
		})}
		for _, consumer := range g.ConsumerNames() {
			c := consumerInfo(g, consumer, now)
			c.PEL = pelOf(count, func(visit func(structures.StreamPending) bool) {
				g.WalkOf(consumer, structures.StreamID{}, visit)
			})
			info.ConsumerList = append(info.ConsumerList, c)
		}
		full.GroupList = append(full.GroupList, info)
	}
	if full.Len > 0 {
		first, last := entriesOf(v, MinStreamID, MaxStreamID, false, 1)[0], entriesOf(v, MinStreamID, MaxStreamID, true, 1)[0]
		full.First, full.Last = &first, &last
	}
	return full, nil
}

func pelOf(count int, walk func(visit func(structures.StreamPending) bool)) (list []PendingInfo) {
	walk(func(p structures.StreamPending) bool {
		list = append(list, PendingInfo{StreamID(p.ID), p.Consumer, time.UnixMilli(p.Delivered), p.Count})
		return len(list) < count
	})
	return list
}

func consumerInfo(g *structures.StreamGroup, name string, now int64) ConsumerInfoFull {
	seen, pending, _ := g.Consumer(name)
	return ConsumerInfoFull{
		ConsumerInfo: ConsumerInfo{Name: name, Pending: pending, Idle: idleSince(seen, now)},
		Seen:         time.UnixMilli(seen),
	}
}

// idleSince returns the time from then to now, in milliseconds, not less than 0.
func idleSince(then, now int64) time.Duration {
	ms := max(now-then, 0)
	return time.Duration(min(ms, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond
}

// InfoGroups returns what there is to know of the consumer groups, by name. A missing key is
// [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n log n), n the number of groups. Redis: [XINFO GROUPS].
//
// [XINFO GROUPS]: https://redis.io/docs/latest/commands/xinfo-groups/
func (s Stream) InfoGroups() ([]GroupInfo, error) {
	v, locked, err := s.read("XINFO GROUPS", nil)
	defer locked.release()
	if v == nil {
		return nil, unlessFound(err)
	}
	var list []GroupInfo
	for _, name := range v.GroupNames() {
		list = append(list, groupInfo(v, name))
	}
	return list, nil
}

func groupInfo(v *structures.Stream, name string) GroupInfo {
	g := v.Group(name)
	info := GroupInfo{Name: name, Consumers: len(g.ConsumerNames()), Pending: g.Pending(), LastDelivered: StreamID(g.Last)}
	if read := g.Read; read != unknownRead {
		info.EntriesRead = &read
	}
	if n := lag(v, g); n != unknownRead {
		info.Lag = &n
	}
	return info
}

// InfoConsumers returns what there is to know of the consumers of the group, by name. A
// missing key is [ErrNotFound].
//
// It returns [ErrNoGroup] if there is no such group and [ErrWrongType] if the key holds
// another type.
//
// The complexity is O(n log n), n the number of consumers. Redis: [XINFO CONSUMERS].
//
// [XINFO CONSUMERS]: https://redis.io/docs/latest/commands/xinfo-consumers/
func (g Group) InfoConsumers() ([]ConsumerInfo, error) {
	const op = "XINFO CONSUMERS"
	v, locked, err := g.stream.read(op, nil)
	defer locked.release()
	if v == nil {
		return nil, unlessFound(err)
	}
	group := v.Group(g.name)
	if group == nil {
		return nil, mistake(op, g.stream.key, ErrNoGroup)
	}
	var list []ConsumerInfo
	now := g.stream.db.s.now()
	for _, name := range group.ConsumerNames() {
		list = append(list, consumerInfo(group, name, now).ConsumerInfo)
	}
	return list, nil
}

// How many entries a group has read, and how many it has yet to read, as Redis 7.0.15
// counts (t_stream.c): exactly as long as nothing was deleted behind the group's position,
// otherwise where that position is one whose number is known.

// lag returns how many entries are still to come for a group, unknownRead if nobody knows
// (streamReplyWithCGLag).
func lag(v *structures.Stream, g *structures.StreamGroup) int64 {
	added := int64(v.Added())
	switch {
	case added == 0:
		return 0
	case g.Read != unknownRead && !hasHoles(v, StreamID(g.Last)):
		return added - g.Read
	}
	if read := distance(v, StreamID(g.Last)); read != unknownRead {
		return added - read
	}
	return unknownRead
}

// hasHoles says whether an entry at from or behind it may have been deleted
// (streamRangeHasTombstones).
func hasHoles(v *structures.Stream, from StreamID) bool {
	deleted := StreamID(v.MaxDeleted())
	return v.Len() > 0 && deleted != MinStreamID && !deleted.Less(from)
}

// distance returns how many entries there were up to an ID, unknownRead if nobody knows
// (streamEstimateDistanceFromFirstEverEntry).
func distance(v *structures.Stream, id StreamID) int64 {
	added, last := int64(v.Added()), StreamID(v.LastID())
	switch c := id.Compare(last); {
	case added == 0:
		return 0
	case v.Len() == 0 && c <= 0, c == 0:
		return added
	case c > 0:
		return unknownRead
	}
	first, deleted := StreamID(v.FirstID()), StreamID(v.MaxDeleted())
	if deleted == MinStreamID || deleted.Less(first) {
		switch id.Compare(first) {
		case -1:
			return added - int64(v.Len())
		case 0:
			return added - int64(v.Len()) + 1
		}
	}
	return unknownRead
}

// streamFingerprint hashes what a stream has and what it remembers: its entries and its
// groups with who has what pending, as of the same times.
func streamFingerprint(r *structures.Record, _ int64) uint64 {
	v := r.Object().(*structures.Stream)
	sum := mix(uint64(v.Len()), v.Added())
	id := func(id structures.StreamID) { sum = mix(sum, mix(id.Ms, id.Seq)) }
	text := func(s string) { sum = mix(sum, xxhash.Sum64String(s)) }
	id(v.LastID())
	id(v.MaxDeleted())
	v.Walk(structures.StreamID(MinStreamID), structures.StreamID(MaxStreamID), false,
		func(at structures.StreamID, fields []structures.StreamField) bool {
			id(at)
			for _, f := range fields {
				text(f.Name)
				text(f.Value)
			}
			return true
		})
	for _, name := range v.GroupNames() {
		g := v.Group(name)
		text(name)
		id(g.Last)
		sum = mix(sum, uint64(g.Read))
		g.Walk(structures.StreamID{}, func(p structures.StreamPending) bool {
			id(p.ID)
			text(p.Consumer)
			sum = mix(sum, mix(uint64(p.Delivered), uint64(p.Count)))
			return true
		})
		for _, consumer := range g.ConsumerNames() {
			seen, pending, _ := g.Consumer(consumer)
			text(consumer)
			sum = mix(sum, mix(uint64(seen), uint64(pending)))
		}
	}
	return sum
}

// readUpTo returns how many entries the group has read once it has got that with an ID.
func readUpTo(v *structures.Stream, g *structures.StreamGroup, id StreamID) int64 {
	switch {
	case g.Read != unknownRead && !hasHoles(v, id):
		return g.Read + 1
	case v.Added() > 0:
		return distance(v, id)
	}
	return g.Read
}
