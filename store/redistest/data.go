package redistest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alcovedb/alcove/store"
)

// Data is what a database holds, by key. A value is one of
//
//	string, []byte, an integer, a float   a string, numbers as INCR and INCRBYFLOAT write them
//	List, []string                        a list
//	Set                                   a set
//	ZSet, map[string]float64              a sorted set
//	Hash, map[string]string               a hash
//	Stream                                a stream, by the fields of its entries
//	Entries                               a stream, by ID
//	nil                                   no such key
//
// An aggregate without elements is no key, but for a stream, which may have no entries. A value may
// be one of these with a time to live: see [Expires]. Without that, a key may have one or not.
type Data map[string]any

// List is a list, from left to right.
type List []string

// Set is a set: its members in any order.
type Set []string

// ZSet is a sorted set: the scores by members.
type ZSet map[string]float64

// Hash is a hash: the values by fields.
type Hash map[string]string

// Stream is a stream: the fields of its entries, whatever their IDs, from the oldest on.
type Stream []Hash

// Entries is a stream: the fields of its entries by ID.
type Entries map[string]Hash

// Expiring is a value with a time to live: see [Expires].
type Expiring struct {
	Value any
	In    time.Duration
}

// Expires returns value with the time to live in, or, with [store.NoTTL], without a deadline.
// With [WithTime] and in a bubble it has to be exact, to the millisecond. Otherwise the key may
// have less time left, by as much as has passed since [Run].
func Expires(value any, in time.Duration) Expiring { return Expiring{Value: value, In: in} }

// A content is a value in the one form that is compared and shown.
type content struct {
	kind  string   // as TYPE says it; "none" is no key
	lines []string // what is in it: in its order, or sorted where it has none
	bare  []string // of a stream: lines without IDs
	noIDs bool     // only bare counts
	ttl   time.Duration
	timed bool // ttl counts
}

// contentOf returns the form of a value of Data, or an error if it can't be one.
func contentOf(v any) (content, error) {
	switch v := v.(type) {
	case nil:
		return content{kind: "none"}, nil
	case Expiring:
		c, err := contentOf(v.Value)
		if c.timed || c.kind == "none" {
			err = fmt.Errorf("%#v can't have a time to live", v.Value)
		}
		c.ttl, c.timed = v.In, true
		return c, err
	case string:
		return text(v), nil
	case []byte:
		return text(string(v)), nil
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return text(fmt.Sprint(v)), nil
	case float64:
		return text(strconv.FormatFloat(v, 'f', -1, 64)), nil
	case float32:
		return text(strconv.FormatFloat(float64(v), 'f', -1, 32)), nil
	case List:
		return list(v), nil
	case []string:
		return list(v), nil
	case Set:
		return set(v), nil
	case ZSet:
		return zset(v), nil
	case map[string]float64:
		return zset(v), nil
	case Hash:
		return hash(v), nil
	case map[string]string:
		return hash(v), nil
	case Stream:
		return stream(v), nil
	case Entries:
		return entries(v)
	}
	return content{}, fmt.Errorf("a %T is no value of Data", v)
}

// contentIn returns what is at key in db.
func contentIn(db store.DB, key string) (c content, err error) {
	kind, err := db.Type(key)
	if err != nil || kind == store.KindNone {
		return content{kind: "none"}, err
	}
	switch kind {
	case store.KindString:
		var s string
		s, err = db.String(key).Get()
		c = text(s)
	case store.KindList:
		var l []string
		l, err = db.List(key).Range(0, -1)
		c = list(l)
	case store.KindSet:
		var m []string
		m, err = db.Set(key).Members()
		c = set(m)
	case store.KindZSet:
		var z []store.Scored
		z, err = db.ZSet(key).RangeWithScores(store.ByRank(0, -1))
		c = scored(z)
	case store.KindHash:
		c, err = hashIn(db.Hash(key))
	case store.KindStream:
		var e []store.Entry
		e, err = db.Stream(key).Range(store.ByID(store.StreamID{}, store.MaxStreamID))
		c = added(e)
	}
	if err != nil {
		return c, err
	}
	c.ttl, err = db.TTL(key)
	return c, err
}

// hashIn returns what is in a hash. A field with a deadline is shown with it.
func hashIn(h store.Hash) (content, error) {
	fields, err := h.GetAll()
	if err != nil {
		return content{}, err
	}
	c := hash(fields)
	names := slices.Sorted(maps.Keys(fields))
	ttls, err := h.TTL(names...)
	if err != nil {
		return content{}, err
	}
	c.bare = slices.Clone(c.lines)
	for i, t := range ttls {
		if t.Found && t.TTL != store.NoTTL {
			c.lines[i] += fmt.Sprintf(" (ttl %v)", t.TTL)
		}
	}
	return c, nil
}

func text(s string) content { return content{kind: "string", lines: []string{quote(s)}} }

// all is a content of as many lines, or of no key if there are none.
func all(kind string, n int, line func(i int) string) content {
	if n == 0 {
		return content{kind: "none"}
	}
	c := content{kind: kind, lines: make([]string, n)}
	for i := range n {
		c.lines[i] = line(i)
	}
	return c
}

func list(l []string) content {
	return all("list", len(l), func(i int) string { return quote(l[i]) })
}

func set(s []string) content {
	s = slices.Compact(slices.Sorted(slices.Values(s)))
	return all("set", len(s), func(i int) string { return quote(s[i]) })
}

func zset(z map[string]float64) content {
	list := make([]store.Scored, 0, len(z))
	for m, score := range z {
		list = append(list, store.Scored{Member: m, Score: score})
	}
	slices.SortFunc(list, func(a, b store.Scored) int {
		return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(a.Member, b.Member))
	})
	return scored(list)
}

func scored(z []store.Scored) content {
	return all("zset", len(z), func(i int) string {
		score := strconv.FormatFloat(z[i].Score+0, 'g', -1, 64) // -0 is 0
		return quote(z[i].Member) + " " + score
	})
}

func hash(h map[string]string) content {
	fields := slices.Sorted(maps.Keys(h))
	c := all("hash", len(h), func(i int) string { return quote(fields[i]) + ": " + quote(h[fields[i]]) })
	c.bare, c.noIDs = c.lines, true
	return c
}

// fieldsOf is what an entry of a stream has, by field.
func fieldsOf(fields []store.Pair) string {
	fields = slices.Clone(fields)
	slices.SortStableFunc(fields, func(a, b store.Pair) int { return cmp.Compare(a.Key, b.Key) })
	words := make([]string, len(fields))
	for i, f := range fields {
		words[i] = quote(f.Key) + ": " + quote(f.Value)
	}
	return strings.Join(words, ", ")
}

func pairsOf(h Hash) (pairs []store.Pair) {
	for f, v := range h {
		pairs = append(pairs, store.Pair{Key: f, Value: v})
	}
	return pairs
}

// stream is one whose IDs don't matter.
func stream(s Stream) content {
	c := content{kind: "stream", noIDs: true}
	for _, fields := range s {
		c.lines = append(c.lines, fieldsOf(pairsOf(fields)))
	}
	return c
}

func entries(e Entries) (content, error) {
	list := make([]store.Entry, 0, len(e))
	for id, fields := range e {
		at, err := store.ParseStreamID(id)
		if err != nil {
			return content{}, fmt.Errorf("%q is no ID of an entry", id)
		}
		list = append(list, store.Entry{ID: at, Fields: pairsOf(fields)})
	}
	slices.SortFunc(list, func(a, b store.Entry) int { return a.ID.Compare(b.ID) })
	return added(list), nil
}

// added is a stream of entries. One without any is still there.
func added(e []store.Entry) content {
	c := content{kind: "stream"}
	for i := range e {
		fields := fieldsOf(e[i].Fields)
		c.bare = append(c.bare, fields)
		c.lines = append(c.lines, e[i].ID.String()+" "+fields)
	}
	return c
}
