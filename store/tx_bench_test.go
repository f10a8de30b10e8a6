package store_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/alcovedb/alcove/store"
)

// BenchmarkTransactions compares an Update of three small operations on different keys, and a
// View of three keys, with the operations alone.
func BenchmarkTransactions(b *testing.B) {
	var next atomic.Int64
	s := store.New()
	b.Cleanup(func() { _ = s.Close() })
	// each goroutine has its own keys
	keys := func() (a, n, h string) {
		i := next.Add(1)
		return fmt.Sprint("text:", i), fmt.Sprint("count:", i), fmt.Sprint("hash:", i)
	}
	write := func(db store.DB, a, n, h string) error {
		if err := db.String(a).Set("200"); err != nil {
			return err
		}
		if _, err := db.String(n).Incr(); err != nil {
			return err
		}
		_, err := db.Hash(h).Set("field", "value")
		return err
	}
	read := func(db store.DB, a, n, h string) error {
		if _, err := db.String(a).Get(); err != nil {
			return err
		}
		if _, err := db.String(n).Get(); err != nil {
			return err
		}
		_, err := db.Hash(h).Get("field")
		return err
	}
	for _, op := range []struct {
		name string
		run  func(a, n, h string) error
	}{
		{"writes=bare", func(a, n, h string) error { return write(s.DB(0), a, n, h) }},
		{"writes=update", func(a, n, h string) error {
			return s.Update(func(tx *store.Tx) error { return write(tx.DB(0), a, n, h) })
		}},
		{"reads=bare", func(a, n, h string) error { return read(s.DB(0), a, n, h) }},
		{"reads=view", func(a, n, h string) error {
			return s.View(func(tx *store.Tx) error { return read(tx.DB(0), a, n, h) })
		}},
	} {
		b.Run(op.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				a, n, h := keys()
				if err := write(s.DB(0), a, n, h); err != nil {
					b.Error(err)
				}
				for pb.Next() {
					if err := op.run(a, n, h); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
