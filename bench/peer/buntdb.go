package peer

import (
	"time"

	"github.com/tidwall/buntdb"
)

func init() {
	add(Peer{Name: "buntdb", Kind: Database, Module: "github.com/tidwall/buntdb", About: "`:memory:`, a transaction for each operation; swept every second"},
		func(Config) buntDB { return buntDB{must1(buntdb.Open(":memory:"))} })
}

type buntDB struct{ db *buntdb.DB }

func (b buntDB) Get(key string) (value string, ok bool) {
	err := b.db.View(func(tx *buntdb.Tx) (err error) {
		value, err = tx.Get(key)
		return err
	})
	return found(value, err, buntdb.ErrNotFound)
}

func (b buntDB) Set(key, value string) { b.set(key, value, nil) }

func (b buntDB) SetTTL(key, value string, ttl time.Duration) {
	b.set(key, value, &buntdb.SetOptions{Expires: true, TTL: ttl})
}

func (b buntDB) set(key, value string, options *buntdb.SetOptions) {
	must(b.db.Update(func(tx *buntdb.Tx) error {
		_, _, err := tx.Set(key, value, options)
		return err
	}))
}

func (b buntDB) Incr(key string) (n int64) {
	must(b.db.Update(func(tx *buntdb.Tx) error {
		text, err := tx.Get(key)
		text, ok := found(text, err, buntdb.ErrNotFound)
		n, text = next(text, ok)
		_, _, err = tx.Set(key, text, nil)
		return err
	}))
	return n
}

func (b buntDB) Left() (n int) {
	must(b.db.View(func(tx *buntdb.Tx) (err error) {
		n, err = tx.Len()
		return err
	}))
	return n
}

func (b buntDB) Close() { must(b.db.Close()) }
