// Package peer holds what Alcove is measured beside: one file, one adapter, of at most
// 60 lines for each. An adapter sets its peer up as that peer's own documentation
// recommends for the load, and does no more and no less than a caller would.
//
// Methods are named as Redis's commands. Those of a peer that is not Serial may be
// called by any number of goroutines. A peer that fails panics: its cells of the report
// say so.
package peer

import (
	"cmp"
	"fmt"
	"slices"
	"time"
	"unsafe"
)

// Config is what a peer is made for.
type Config struct {
	Keys   int           // about as many keys will live in it
	Value  int           // bytes of a value
	TTL    time.Duration // of every key, for peers with one TTL for all; 0 if keys stay
	Socket string        // where the redis-server listens
}

// Strings keep a value by key.
type Strings interface {
	Get(key string) (string, bool)
	Set(key, value string)
}

// Volatile strings have deadlines.
type Volatile interface {
	Strings
	SetTTL(key, value string, ttl time.Duration)
}

// Expiring peers remove what is past its deadline by themselves.
type Expiring interface {
	Volatile
	// Left returns how many keys are still there, overdue ones too.
	Left() int
}

// Counters count.
type Counters interface {
	Strings
	Incr(key string) int64
}

// Hashes keep values by key and field.
type Hashes interface {
	HGet(key, field string) (string, bool)
	HSet(key, field, value string)
}

// Queues are lists at whose ends one works.
type Queues interface {
	RPush(key, value string)
	LPop(key string) (string, bool)
}

// Lists have a middle, too.
type Lists interface {
	Queues
	LIndex(key string, i int) (string, bool)
	LRange(key string, from, to int) int // how many it returned
	LInsert(key, before, value string)   // searches for before from the head
}

// Sets keep members.
type Sets interface {
	SAdd(key, member string)
	SIsMember(key, member string) bool
}

// Algebra intersects sets.
type Algebra interface {
	Sets
	SInter(a, b string) int // how many members it returned
}

// Scores keep members with scores.
type Scores interface {
	ZAdd(key, member string, score float64)
	ZScore(key, member string) (float64, bool)
}

// Ranks keep them in order, too.
type Ranks interface {
	Scores
	ZRank(key, member string) (int, bool)
	ZRange(key string, from float64, n int) int // n members from a score on; how many it returned
}

// Streams take entries at their end: readings, of two small fields.
type Streams interface {
	XAdd(key string, ms int, sensor, temp string) // with the ID ms-0, or the next one if ms is 0
}

// Logs are streams that can be read from any place.
type Logs interface {
	Streams
	XRange(key string, ms, n int) int // n entries from an ID on; how many it returned
}

// Groups are logs with consumer groups.
type Groups interface {
	Logs
	XGroupCreate(key, group string) // at the stream's start
	// XReadGroup takes the next new entry and acknowledges it by XACK. It returns false
	// if there is none.
	XReadGroup(key, group string) bool
}

// Pipelined peers answer later: what a method returns meanwhile is Later, 1 or true, and
// they check the true answers themselves. A worker must end with Flush.
type Pipelined interface {
	// Worker returns what one goroutine works with.
	Worker() Worker
}

// Settling peers apply writes in the background; what fills them waits for that.
type Settling interface {
	// Settle waits until all writes so far are applied.
	Settle()
}

// Worker is a goroutine's share of a pipelined peer, with the peer's other methods.
type Worker interface{ Flush() }

// Later stands for a value that comes with the rest of a pipeline.
const Later = "\x00later"

// Remote peers live in another process.
type Remote interface {
	Memory() int        // bytes in use there
	CPU() time.Duration // processor time used there so far
}

// Filled peers are filled by something that is faster than they are, or surer.
type Filled interface{ Filler() Worker }

// Peer is one of those that are measured.
type Peer struct {
	Name   string
	Kind   Kind
	Module string // whose version the report names
	About  string // how it is set up, and what to know about it
	Serial bool   // for one goroutine only
	Lossy  bool   // may forget a key without being told to
	Server bool   // needs a redis-server

	zero any // a typed zero value of what New returns
	make func(Config) any
}

// Kind groups peers in the report.
type Kind int

// The kinds, in the order of the report.
const (
	Ours Kind = iota
	Floor
	Map
	Cache
	Structure
	Database
	Server
)

func (k Kind) String() string {
	return [...]string{"", "floor", "map", "cache", "structure", "in-process store", "server"}[k]
}

var peers []*Peer

// add makes p one of the peers; what create returns implements the interfaces of the
// workloads that p takes part in.
func add[T interface{ Close() }](p Peer, create func(Config) T) {
	p.zero, p.make = *new(T), func(c Config) any { return create(c) }
	peers = append(peers, &p)
}

// All returns the peers in the order of the report.
func All() []*Peer {
	return slices.SortedFunc(slices.Values(peers), func(a, b *Peer) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
}

// Named returns the peer of that name, nil if there is none.
func Named(name string) *Peer {
	for _, p := range peers {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Can reports whether p implements the interface I.
func Can[I any](p *Peer) bool {
	_, ok := p.zero.(I)
	return ok
}

// New makes an instance of p. Close it.
func (p *Peer) New(c Config) Instance { return p.make(c).(Instance) }

// Instance is a peer that was made.
type Instance interface{ Close() }

// must panics with an error that a peer did not expect.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// must1 is must for a call with a result.
func must1[T any](v T, err error) T {
	must(err)
	return v
}

// found turns an error that can only be a miss into a boolean; any other panics.
func found[T any](v T, err, miss error) (T, bool) {
	if err != nil && err != miss {
		panic(fmt.Errorf("bench: %w", err))
	}
	return v, err == nil
}

// text returns b as a string without a copy, for peers that speak []byte only: a caller
// of theirs has bytes at hand.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// raw is the inverse of text. The peer must not write to what it is given.
func raw(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
