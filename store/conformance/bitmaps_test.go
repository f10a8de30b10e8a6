package conformance

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/alcovedb/alcove/store"
)

func TestBitmaps(t *testing.T) { bitmapModel().check(t) }

// bitmap is the offsets of the bits that are set, sorted, and the length in bytes.
type bitmap struct {
	ones []int64
	n    int
}

// bitmaps are two of them. A state shares what it has with those before it.
type bitmaps [2]bitmap

func (st bitmaps) with(i int, b bitmap) bitmaps {
	st[i] = b
	return st
}

func (st bitmaps) equal(other bitmaps) bool {
	for i, b := range st {
		if b.n != other[i].n || !slices.Equal(b.ones, other[i].ones) {
			return false
		}
	}
	return true
}

// far is an offset in a bitmap that is too long to be read under the lock.
const far = 100_000 << 3

// offset is one of a few, of which some are far from the others.
func offset(a args) int64 {
	at := int64(a.n % 4)
	if a.n >= 4 {
		at += far
	}
	return at
}

func (b bitmap) get(at int64) bool {
	_, found := slices.BinarySearch(b.ones, at)
	return found
}

func (b bitmap) set(at int64, bit bool) bitmap {
	b.n = max(b.n, int(at>>3)+1)
	switch i, found := slices.BinarySearch(b.ones, at); {
	case bit && !found:
		b.ones = slices.Insert(slices.Clone(b.ones), i, at)
	case !bit && found:
		b.ones = slices.Delete(slices.Clone(b.ones), i, i+1)
	}
	return b
}

// field is the integer of four bits there.
func (b bitmap) field(at int64) (v int64) {
	for i := range int64(4) {
		if v <<= 1; b.get(at + i) {
			v |= 1
		}
	}
	return v
}

// bitmapModel is the model of two bitmaps, short ones or, if large, ones of many pages.
func bitmapModel() *model[bitmaps] {
	on := func(s *store.Store, a args) store.Bitmap { return s.Bitmap(name(a.key)) }
	one := func(step func(b bitmap, a args) (bitmap, any)) func(bitmaps, args, string) (bitmaps, bool) {
		return says(func(st bitmaps, a args) (bitmaps, any) {
			b, said := step(st[a.key], a)
			return st.with(a.key, b), said
		})
	}
	ones := one(func(b bitmap, _ args) (bitmap, any) { return b, len(b.ones) })
	return &model[bitmaps]{
		rounds: 150, equal: bitmaps.equal,
		draw: func(r *rand.Rand, large bool) args {
			a := drawKeys(r, large)
			if a.n = r.IntN(4); large && r.IntN(3) == 0 {
				a.n += 4
			}
			return a
		},
		commands: []command[bitmaps]{
			{"SETBIT 1", func(s *store.Store, a args) (any, error) {
				return on(s, a).SetBit(offset(a), true)
			}, one(func(b bitmap, a args) (bitmap, any) { return b.set(offset(a), true), b.get(offset(a)) })},
			{"SETBIT 0", func(s *store.Store, a args) (any, error) {
				return on(s, a).SetBit(offset(a), false)
			}, one(func(b bitmap, a args) (bitmap, any) { return b.set(offset(a), false), b.get(offset(a)) })},
			{"GETBIT", func(s *store.Store, a args) (any, error) {
				return on(s, a).GetBit(offset(a))
			}, one(func(b bitmap, a args) (bitmap, any) { return b, b.get(offset(a)) })},
			{"BITFIELD INCRBY", func(s *store.Store, a args) (any, error) {
				r, err := on(s, a).Field(store.Unsigned(4).At(offset(a)).IncrBy(3))
				if err != nil {
					return nil, err
				}
				return r[0].Value, nil
			}, one(func(b bitmap, a args) (bitmap, any) {
				v := (b.field(offset(a)) + 3) % 16
				for i := range int64(4) {
					b = b.set(offset(a)+i, v>>(3-i)&1 != 0)
				}
				return b, v
			})},
			{"BITFIELD_RO", func(s *store.Store, a args) (any, error) {
				return on(s, a).FieldRO(store.Unsigned(4).At(0), store.Unsigned(4).At(far))
			}, one(func(b bitmap, _ args) (bitmap, any) { return b, []int64{b.field(0), b.field(far)} })},
			{"BITCOUNT", func(s *store.Store, a args) (any, error) { return on(s, a).Count() }, ones},
			{"BITCOUNT of a snapshot", func(s *store.Store, a args) (any, error) {
				sn := s.Snapshot()
				return later(func() (any, error) {
					defer sn.Close()
					return sn.Bitmap(name(a.key)).Count()
				}), nil
			}, ones},
			{"BITPOS", func(s *store.Store, a args) (any, error) {
				return on(s, a).Pos(true)
			}, one(func(b bitmap, _ args) (bitmap, any) {
				if len(b.ones) == 0 {
					return b, store.ErrNotFound
				}
				return b, b.ones[0]
			})},
			{"BITOP XOR", func(s *store.Store, a args) (any, error) {
				return on(s, a).Op(store.BitXor, name(a.key), name(a.dst))
			}, says(func(st bitmaps, a args) (bitmaps, any) {
				b := st[a.key]
				b.n = max(b.n, st[a.dst].n)
				for _, at := range st[a.dst].ones {
					b = b.set(at, !b.get(at))
				}
				return st.with(a.key, b), b.n
			})},
			{"STRLEN", func(s *store.Store, a args) (any, error) {
				return s.String(name(a.key)).StrLen()
			}, one(func(b bitmap, _ args) (bitmap, any) { return b, b.n })},
			{"DEL", func(s *store.Store, a args) (any, error) {
				return s.Del(name(a.key))
			}, one(func(b bitmap, _ args) (bitmap, any) { return bitmap{}, min(1, b.n) })},
		},
	}
}
