package store

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/alcovedb/alcove/structures"
)

// ObjectEncoding returns the encoding that Redis 7.0 would have chosen for the value
// at key, such as "int", "embstr" or "raw". A missing key is [ErrNotFound].
//
// Unlike in Redis, it says nothing about how the value lies in memory.
//
// The complexity is O(1). Redis: [OBJECT ENCODING].
//
// [OBJECT ENCODING]: https://redis.io/docs/latest/commands/object-encoding/
func (db DB) ObjectEncoding(key string) (string, error) {
	encoding := ""
	err := db.peek("OBJECT ENCODING", key, func(r *structures.Record, _ uint32) { encoding = encodingOf(r) })
	return encoding, err
}

// ObjectIdleTime returns for how long key was not used, in whole seconds. A missing key
// is [ErrNotFound].
//
// It returns [ErrNotTracked] unless the store was made with [TrackIdleTime].
//
// The complexity is O(1). Redis: [OBJECT IDLETIME].
//
// [OBJECT IDLETIME]: https://redis.io/docs/latest/commands/object-idletime/
func (db DB) ObjectIdleTime(key string) (time.Duration, error) {
	const op = "OBJECT IDLETIME"
	var at uint32
	err := db.peek(op, key, func(_ *structures.Record, stamp uint32) { at = stamp })
	switch {
	case err != nil:
		return 0, err
	case db.s.options.tracking != TrackIdleTime:
		return 0, mistake(op, key, ErrNotTracked)
	}
	return db.s.idle(at), nil
}

// ObjectFreq returns how often key is used: Redis's LFU counter, 0 to 255, which grows
// with the logarithm of the accesses and falls by one each minute. A missing key is
// [ErrNotFound].
//
// It returns [ErrNotTracked] unless the store was made with [TrackFrequency].
//
// The complexity is O(1). Redis: [OBJECT FREQ].
//
// [OBJECT FREQ]: https://redis.io/docs/latest/commands/object-freq/
func (db DB) ObjectFreq(key string) (int, error) {
	const op = "OBJECT FREQ"
	var at uint32
	err := db.peek(op, key, func(_ *structures.Record, stamp uint32) { at = stamp })
	switch {
	case err != nil:
		return 0, err
	case db.s.options.tracking != TrackFrequency:
		return 0, mistake(op, key, ErrNotTracked)
	}
	return int(frequency(at, db.s.now()/60000)), nil
}

// newStamp returns what brings an access stamp up to date, nil without tracking.
func (s *Store) newStamp(t Tracking) func(old uint32) uint32 {
	switch t {
	case TrackIdleTime:
		return func(uint32) uint32 { return uint32(s.now() / 1000) }
	case TrackFrequency:
		return func(old uint32) uint32 { return frequencyHit(old, s.now()/60000, rand.Float64) }
	}
	return nil
}

// idle returns how long ago an idle-time stamp was set, in seconds as Redis
// counts.
func (s *Store) idle(stamp uint32) time.Duration {
	// A snapshot may see a stamp that is later than it is.
	return time.Duration(max(int32(uint32(s.now()/1000)-stamp), 0)) * time.Second
}

// A frequency stamp is Redis's LFU counter (evict.c): 8 bits that count the
// logarithm of the accesses, and the minute at which it last decayed.
const (
	lfuInit      = 5
	lfuLogFactor = 10
	lfuDecay     = 1 // minutes for each step down
)

// frequency returns the counter as it stands at a minute.
func frequency(stamp uint32, minute int64) uint8 {
	passed := (uint32(minute) - stamp>>8) & 0xffff
	return uint8(max(0, int(stamp&0xff)-int(passed/lfuDecay)))
}

// frequencyHit returns the stamp after one more access: the higher the counter,
// the less likely it grows.
func frequencyHit(stamp uint32, minute int64, random func() float64) uint32 {
	if stamp == 0 { // a new key
		return uint32(minute)&0xffff<<8 | lfuInit
	}
	n := frequency(stamp, minute)
	if base := math.Max(0, float64(n)-lfuInit); n < math.MaxUint8 && random() < 1/(base*lfuLogFactor+1) {
		n++
	}
	return uint32(minute)&0xffff<<8 | uint32(n)
}
