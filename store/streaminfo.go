package store

import (
	"math"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/alcovedb/alcove/structures"
)

// Unknown is a number of entries that nobody knows, because some were deleted or the
// position of a group was set to an ID in the middle.
const Unknown = structures.StreamReadUnknown

// StreamInfo is what [Stream.Info] says of a stream.
type StreamInfo struct {
	Len          int
	LastID       StreamID // the greatest ID that it has given
	MaxDeletedID StreamID // the greatest ID that was deleted
	FirstID      StreamID // of the oldest entry, 0-0 if there is none
	EntriesAdded int64    // how many entries it has ever had
	Groups       int
	First, Last  Entry // the ID is 0-0 if there is none

	RadixTreeKeys, RadixTreeNodes int // how many Redis would have
	Config                        StreamConfig
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
	EntriesRead   int64    // how many entries there were up to there; [Unknown] if nobody knows
	Lag           int64    // how many are still to come, as far as LagKnown
	LagKnown      bool
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
	Name     string
	Pending  int
	Idle     time.Duration // since it was last there
	Inactive time.Duration // since it last got or claimed something, negative if it never did
}

// ConsumerInfoFull is what [Stream.InfoFull] says of a consumer.
type ConsumerInfoFull struct {
	ConsumerInfo
	Seen   time.Time     // when it was last there
	Active time.Time     // when it last got or claimed something, the zero time if it never did
	PEL    []PendingInfo // the entries that are pending to it, by ID
}

// Info returns what there is to know of the stream. A missing key is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the number of pages, of up to 100 entries each.
// Redis: [XINFO STREAM].
//
// [XINFO STREAM]: https://redis.io/docs/latest/commands/xinfo-stream/
func (s Stream) Info() (StreamInfo, error) {
	v, locked, err := s.read("XINFO STREAM", nil)
	defer locked.release()
	if v == nil {
		return StreamInfo{}, unlessFound(err)
	}
	return infoOf(v), nil
}

// unlessFound is ErrNotFound where there is no error.
func unlessFound(err error) error {
	if err == nil {
		return ErrNotFound
	}
	return err
}

func infoOf(v *structures.Stream) StreamInfo {
	keys, nodes := v.Nodes()
	info := StreamInfo{
		RadixTreeKeys: keys, RadixTreeNodes: nodes, Config: configOf(v),
		Len: v.Len(), LastID: StreamID(v.LastID()), MaxDeletedID: StreamID(v.MaxDeletedID()), FirstID: StreamID(v.FirstID()),
		EntriesAdded: int64(v.EntriesAdded()), Groups: v.Groups(),
	}
	if first, found := v.First(); found {
		last, _ := v.Last()
		info.First, info.Last = entryOfStream(first), entryOfStream(last)
	}
	return info
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
	v.EachGroup(func(g *structures.StreamGroup) bool {
		info := GroupInfoFull{GroupInfo: groupInfo(v, g)}
		g.RangePending(structures.StreamID{}, structures.MaxStreamID, pelOf(count, &info.PEL))
		g.EachConsumer(func(c *structures.StreamConsumer) bool {
			consumer := ConsumerInfoFull{ConsumerInfo: consumerInfo(c, now), Seen: time.UnixMilli(c.SeenTime())}
			if at := c.ActiveTime(); at != structures.NeverActive {
				consumer.Active = time.UnixMilli(at)
			}
			g.RangeConsumer(c, structures.StreamID{}, structures.MaxStreamID, pelOf(count, &consumer.PEL))
			info.ConsumerList = append(info.ConsumerList, consumer)
			return true
		})
		full.GroupList = append(full.GroupList, info)
		return true
	})
	return full, nil
}

// pelOf returns what puts the first pending entries into a list.
func pelOf(count int, list *[]PendingInfo) func(p structures.StreamPending) bool {
	return func(p structures.StreamPending) bool {
		info := PendingInfo{ID: StreamID(p.ID), Delivered: time.UnixMilli(max(p.Time, 0)), Deliveries: p.Count}
		if p.Consumer != nil {
			info.Consumer = p.Consumer.Name()
		}
		*list = append(*list, info)
		return len(*list) < count
	}
}

func consumerInfo(c *structures.StreamConsumer, now int64) ConsumerInfo {
	info := ConsumerInfo{Name: c.Name(), Pending: c.Len(), Idle: idleSince(c.SeenTime(), now), Inactive: -1}
	if at := c.ActiveTime(); at != structures.NeverActive {
		info.Inactive = idleSince(at, now)
	}
	return info
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
	v.EachGroup(func(g *structures.StreamGroup) bool {
		list = append(list, groupInfo(v, g))
		return true
	})
	return list, nil
}

func groupInfo(v *structures.Stream, g *structures.StreamGroup) GroupInfo {
	info := GroupInfo{
		Name: g.Name(), Consumers: g.Consumers(), Pending: g.Len(), LastDelivered: StreamID(g.LastID()),
		EntriesRead: g.EntriesRead(),
	}
	info.Lag, info.LagKnown = v.Lag(g)
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
	group.EachConsumer(func(c *structures.StreamConsumer) bool {
		list = append(list, consumerInfo(c, now))
		return true
	})
	return list, nil
}

// streamFingerprint hashes what a stream has and what it remembers: its entries and its
// groups with who has what pending, as of the same times.
func streamFingerprint(r *structures.Record, _ int64) uint64 {
	v := r.Object().(*structures.Stream)
	seconds, size := v.Config()
	sum := mix(mix(uint64(v.Len()), v.EntriesAdded()), mix(uint64(seconds), uint64(size)))
	id := func(id structures.StreamID) { sum = mix(sum, mix(id.Ms, id.Seq)) }
	text := func(s string) { sum = mix(sum, xxhash.Sum64String(s)) }
	id(v.LastID())
	id(v.MaxDeletedID())
	pair := func(field, value string) bool {
		text(field)
		text(value)
		return true
	}
	v.Range(structures.StreamID{}, structures.MaxStreamID, false, func(e structures.StreamEntry) bool {
		id(e.ID)
		e.All(pair)
		return true
	})
	v.EachGroup(func(g *structures.StreamGroup) bool {
		text(g.Name())
		id(g.LastID())
		sum = mix(sum, uint64(g.EntriesRead()))
		g.RangePending(structures.StreamID{}, structures.MaxStreamID, func(p structures.StreamPending) bool {
			id(p.ID)
			sum = mix(sum, mix(uint64(p.Time), uint64(p.Count)))
			if p.Consumer != nil {
				text(p.Consumer.Name())
			}
			return true
		})
		g.EachConsumer(func(c *structures.StreamConsumer) bool {
			text(c.Name())
			sum = mix(sum, mix(uint64(c.SeenTime()), uint64(c.Len())))
			return true
		})
		return true
	})
	return sum
}
