package command

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"

	"github.com/alcovedb/alcove/store"
)

// sum is a digest of Redis's DEBUG DIGEST (debug.c): what has an order is mixed in, what has
// none is combined by exclusive or.
type sum [sha1.Size]byte

func (d *sum) xor(text string) {
	h := sha1.Sum([]byte(text))
	for i := range d {
		d[i] ^= h[i]
	}
}

// mix is xorDigest followed by the digest of the digest, so that the order counts.
func (d *sum) mix(text string) {
	d.xor(text)
	*d = sha1.Sum(d[:])
}

func (d *sum) hex() string { return hex.EncodeToString(d[:]) }

func pair(key, value string) store.Pair { return store.Pair{Key: key, Value: value} }

// digestOf mixes a value in (xorObjectDigest).
func (c *call) digestOf(db store.DB, key string, kind store.Kind, d *sum) error {
	var number [4]byte // the type as a big-endian integer
	number[3] = digestTypes[kind]
	d.mix(string(number[:]))
	var err error
	switch kind {
	case store.KindString:
		var text string
		if text, err = db.String(key).Get(); err == nil {
			d.mix(text)
		}
	case store.KindList:
		var list []string
		list, err = db.List(key).Range(0, -1)
		for _, text := range list {
			d.mix(text)
		}
	case store.KindSet:
		var list []string
		list, err = db.Set(key).Members()
		for _, text := range list {
			d.xor(text)
		}
	case store.KindHash:
		err = c.digestHash(db, key, d)
	case store.KindZSet:
		err = c.digestZSet(db, key, d)
	case store.KindStream:
		err = c.digestStream(db, key, d)
	}
	if at, e := db.ExpireTime(key); e == nil && !at.IsZero() {
		d.xor("!!expire!!")
	}
	return err
}

// digestTypes are OBJ_STRING and its like in object.h.
var digestTypes = map[store.Kind]byte{
	store.KindString: 0, store.KindList: 1, store.KindSet: 2, store.KindZSet: 3, store.KindHash: 4, store.KindStream: 6,
}

func (c *call) digestHash(db store.DB, key string, d *sum) error {
	all, err := db.Hash(key).GetAll()
	for field, value := range all {
		var e sum
		e.mix(field)
		e.mix(value)
		d.xor(string(e[:]))
	}
	return err
}

func (c *call) digestZSet(db store.DB, key string, d *sum) error {
	all, err := db.ZSet(key).All()
	if err != nil {
		return err
	}
	for member, score := range all {
		var e sum
		e.mix(member)
		e.mix(doubleText(score))
		d.xor(string(e[:]))
	}
	return nil
}

func (c *call) digestStream(db store.DB, key string, d *sum) error {
	all, err := db.Stream(key).All()
	if err != nil {
		return err
	}
	for e := range all {
		d.mix(fmt.Sprintf("%d.%d", e.ID.Ms, e.ID.Seq))
		for _, f := range e.Fields {
			d.mix(f.Key)
			d.mix(f.Value)
		}
	}
	return nil
}

func (c *call) digestValues() Reply {
	r := array()
	for _, key := range c.rest(2) {
		var d sum
		kind, err := kindOf(c.db, key)
		if err == nil && kind != store.KindNone {
			err = c.digestOf(c.db, key, kind, &d)
		}
		if err != nil && err != store.ErrNotFound {
			return failure(err)
		}
		r.Elems = append(r.Elems, simple(d.hex()))
	}
	return r
}

// digest is DEBUG DIGEST, of all databases that the caller has.
func (c *call) digest() Reply {
	var total sum
	for n := range store.Databases {
		db, more := c.database(n)
		if err := c.digestDB(db, n, &total); err != nil {
			return failure(err)
		}
		if !more {
			break
		}
	}
	return simple(total.hex())
}

func (c *call) digestDB(db store.DB, n int, total *sum) error {
	keys, err := db.Keys("*")
	if err != nil {
		return err
	}
	if len(keys) > 0 {
		total.mix(string([]byte{0, 0, 0, byte(n)}))
	}
	for _, key := range keys {
		var d sum
		d.mix(key)
		kind, err := kindOf(db, key)
		if err == nil && kind != store.KindNone {
			err = c.digestOf(db, key, kind, &d)
		}
		if err != nil && err != store.ErrNotFound {
			return err
		}
		total.xor(string(d[:]))
	}
	return nil
}
