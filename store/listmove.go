package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/alcovedb/alcove/structures"
)

// MoveOptions are the options of [List.LMoveM]. The zero value moves one element.
type MoveOptions struct {
	// Count is how many elements to move, or as many as there are. 0 is 1.
	Count int
	// Exactly moves Count elements or none.
	Exactly bool
	// OneByOne adds each element by itself, in the order in which they are taken. Without
	// it they stay in the order in which they are in the list.
	OneByOne bool
}

// LMove takes an element from one end of the list, adds it at one end of the list at
// dst, and returns it. Both may be the same list, which then is turned. A missing key is
// [ErrNotFound], and a missing dst becomes a list.
//
// It returns [ErrWrongType] if the key, or dst, holds another type and
// [ErrInvalidOption] if from or to is no [Side].
//
// The complexity is O(1). Redis: [LMOVE].
//
// [LMOVE]: https://redis.io/docs/latest/commands/lmove/
func (l List) LMove(dst string, from, to Side) (string, error) {
	return l.move("LMOVE", dst, from, to)
}

// RPopLPush removes the last element, adds it before the first one of the list at dst,
// and returns it. Both may be the same list. A missing key is [ErrNotFound], and a
// missing dst becomes a list.
//
// It returns [ErrWrongType] if the key, or dst, holds another type.
//
// The complexity is O(1). Redis: [RPOPLPUSH].
//
// [RPOPLPUSH]: https://redis.io/docs/latest/commands/rpoplpush/
func (l List) RPopLPush(dst string) (string, error) {
	return l.move("RPOPLPUSH", dst, Right, Left)
}

func (l List) move(op, dst string, from, to Side) (string, error) {
	values, err := l.moveN(MoveOptions{}.demand(op, dst, from, to))
	if err == nil && len(values) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return "", err
	}
	return values[0], nil
}

// LMoveM takes elements from one end of the list, adds them at one end of the list at dst,
// and returns them in the order in which they are there then. How many, and in which
// order, the options say. Both may be the same list; all are taken before the first is
// added. A missing key, or one with fewer elements than Exactly asks for, has none to
// move, and nothing changes. A missing dst becomes a list.
//
// It returns [ErrWrongType] if the key, or dst when there are elements to move, holds
// another type, [ErrInvalidOption] if from or to is no [Side] and [ErrOutOfRange] if Count
// is negative.
//
// Unlike in Redis, whether elements are moved OneByOne has a default.
//
// The complexity is O(n), n the elements moved. Redis: [LMOVEM].
//
// [LMOVEM]: https://redis.io/docs/latest/commands/lmovem/
func (l List) LMoveM(dst string, from, to Side, o MoveOptions) ([]string, error) {
	return l.moveN(o.demand("LMOVEM", dst, from, to))
}

// demand returns what a command with the options wants.
func (o MoveOptions) demand(op, dst string, from, to Side) demand {
	return demand{
		op: op, kind: KindList, count: cmp.Or(o.Count, 1), exactly: o.Exactly,
		from: from, moves: true, to: to, dst: dst, oneByOne: o.OneByOne,
	}
}

func (l List) moveN(d demand) ([]string, error) {
	var b batch
	defer b.end()
	if err := b.begin(l.db, d.op, l.key, d.dst); err != nil {
		return nil, err
	}
	switch {
	case d.count <= 0:
		return nil, mistake(d.op, l.key, ErrOutOfRange)
	case d.from > Right || d.to > Right:
		return nil, mistake(d.op, l.key, ErrInvalidOption)
	}
	return b.move(l.db, l.key, &d)
}

// move is LMoveM of keys that are locked.
func (b *batch) move(db DB, key string, d *demand) ([]string, error) {
	w := b.key(db, key)
	n, err := w.listLen()
	if n = min(n, d.count); err != nil || n < d.least() {
		return nil, err
	}
	if d.dst != key {
		target := b.key(db, d.dst)
		if err := target.want(KindList); err != nil {
			return nil, err
		}
	}
	v, err := open(&w, KindList, structures.NewList)
	if err != nil {
		return nil, err
	}
	values := takeN(v, d.from, n)
	if d.turns() {
		slices.Reverse(values)
	}
	src, emptied := w, false
	if d.dst != key {
		if emptied = v.Len() == 0; emptied {
			w.remove(Deleted) // which is notified last, as in Redis
		} else {
			w.saveList(v) // gives the working value back, which the target needs
		}
		w = b.key(db, d.dst)
		if v, err = open(&w, KindList, structures.NewList); err != nil {
			return nil, err
		}
	}
	for i, s := range values {
		if d.to == Left {
			s = values[len(values)-1-i]
		}
		pushTo(v, d.to, s)
	}
	w.saveLonger(v)
	w.event(NotifyList, d.to.pushed())
	src.event(NotifyList, d.from.popped())
	if emptied {
		src.event(NotifyGeneric, "del")
	}
	return values, nil
}

// turns says whether elements are at dst in another order than that in which they are taken.
func (d *demand) turns() bool {
	if d.oneByOne {
		return d.to == Left
	}
	return d.from == Right
}

// listLen returns the length of the list under the key, 0 if there is none.
func (w *write) listLen() (int, error) {
	if err := w.want(KindList); err != nil {
		return 0, err
	}
	var view structures.List
	return view.Of(&w.ref.Record).Len(), nil
}

// BLMove takes an element from one end of the list, adds it at one end of the list at
// dst, and returns it. Both may be the same list. Of a missing key it waits for an
// element, as [List.BLPop] does; whoever waits for dst is then served in the same step. A
// missing dst becomes a list.
//
// It returns the error of ctx when that ends, and then it has moved nothing, [ErrClosed]
// when the store is closed, [ErrNoContext] for a nil context, [ErrInvalidOption] if from
// or to is no [Side] and [ErrWrongType] if the key holds another type now, or dst does
// when there is an element, which stays then.
//
// The complexity is O(1). Redis: [BLMOVE].
//
// [BLMOVE]: https://redis.io/docs/latest/commands/blmove/
func (l List) BLMove(ctx context.Context, dst string, from, to Side) (string, error) {
	return l.blockMove(ctx, "BLMOVE", dst, from, to)
}

// BRPopLPush removes the last element, adds it before the first one of the list at dst,
// and returns it. Of a missing key it waits for an element, as [List.BLMove] does.
//
// It returns the error of ctx when that ends, and then it has moved nothing, [ErrClosed]
// when the store is closed, [ErrNoContext] for a nil context and [ErrWrongType] if the
// key holds another type now, or dst does when there is an element, which stays then.
//
// The complexity is O(1). Redis: [BRPOPLPUSH].
//
// [BRPOPLPUSH]: https://redis.io/docs/latest/commands/brpoplpush/
func (l List) BRPopLPush(ctx context.Context, dst string) (string, error) {
	return l.blockMove(ctx, "BRPOPLPUSH", dst, Right, Left)
}

func (l List) blockMove(ctx context.Context, op, dst string, from, to Side) (string, error) {
	a, err := l.db.block(ctx, MoveOptions{}.demand(op, dst, from, to), l.key)
	if err != nil {
		return "", err
	}
	return a.values[0], nil
}

// BLMoveM takes elements from one end of the list, adds them at one end of the list at dst
// and returns them, as [List.LMoveM] does. Of a missing key it waits for an element, as
// [List.BLMove] does, and with Exactly until there are Count of them. Waiting reserves
// nothing: who wants fewer is served meanwhile, also if they came later.
//
// It returns the error of ctx when that ends, and then it has moved nothing, [ErrClosed]
// when the store is closed, [ErrNoContext] for a nil context, [ErrInvalidOption] if from
// or to is no [Side], [ErrOutOfRange] if Count is negative and [ErrWrongType] if the key
// holds another type now, or dst does when there are elements, which stay then.
//
// The complexity is O(n), n the elements moved. Redis: [BLMOVEM].
//
// [BLMOVEM]: https://redis.io/docs/latest/commands/blmovem/
func (l List) BLMoveM(ctx context.Context, dst string, from, to Side, o MoveOptions) ([]string, error) {
	a, err := l.db.block(ctx, o.demand("BLMOVEM", dst, from, to), l.key)
	return a.values, err
}
