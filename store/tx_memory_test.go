package store

import (
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUpdateHappensBefore hands memory that is not the store's from one goroutine to another:
// who has read what an Update wrote may read all that was written before the Update. The race
// detector says whether that is so.
func TestUpdateHappensBefore(t *testing.T) {
	inTx := func(of func(db DB) (string, error), way func(s *Store, fn func(tx *Tx) error) error) func(s *Store) (string, error) {
		return func(s *Store) (text string, err error) {
			err = way(s, func(tx *Tx) error {
				text, err = of(tx.DB(0))
				return err
			})
			return text, err
		}
	}
	text := func(db DB) (string, error) { return db.String("n").Get() }
	field := func(db DB) (string, error) { return db.Hash("h").Get("n") }
	last := func(db DB) (string, error) { return db.List("l").Index(-1) }
	update := func(s *Store, fn func(tx *Tx) error) error { return s.Update(fn) }
	serial := func(s *Store, fn func(tx *Tx) error) error { return s.Serial(t.Context(), nil, fn) }
	for name, read := range map[string]func(s *Store) (string, error){
		"GET":                 func(s *Store) (string, error) { return text(s.DB(0)) },
		"HGET":                func(s *Store) (string, error) { return field(s.DB(0)) },
		"LINDEX":              func(s *Store) (string, error) { return last(s.DB(0)) },
		"GET in a View":       inTx(text, (*Store).View),
		"HGET in a View":      inTx(field, (*Store).View),
		"LINDEX in a View":    inTx(last, (*Store).View),
		"GET in an Update":    inTx(text, update),
		"HGET in an Update":   inTx(field, update),
		"LINDEX in an Update": inTx(last, update),
		"GET in a Serial":     inTx(text, serial),
	} {
		t.Run(name, func(t *testing.T) {
			s := newTest(t)
			n := rounds(300)
			memory := make([]int, n)
			var wg sync.WaitGroup
			wg.Go(func() {
				for i := range n {
					memory[i] = i + 1
					if err := s.Update(func(tx *Tx) error {
						text := strconv.Itoa(i)
						if _, err := tx.Hash("h").Set("n", text); err != nil {
							return err
						}
						if _, err := tx.List("l").RPush(text); err != nil {
							return err
						}
						return tx.String("n").Set(text)
					}); err != nil {
						t.Error(err)
					}
				}
			})
			for seen := -1; seen < n-1; {
				text, err := read(s)
				if err == ErrNotFound {
					continue // nothing is written yet
				}
				require.NoError(t, err)
				i, err := strconv.Atoi(text)
				require.NoError(t, err)
				require.GreaterOrEqual(t, i, seen)
				require.Equal(t, i+1, memory[i])
				seen = i
			}
			wg.Wait()
		})
	}
}

// TestWriteSkew has two transactions read the same two keys, and each write another of them: one
// of them sees what the other has written.
func TestWriteSkew(t *testing.T) {
	for name, first := range map[string]func(s *Store, fn func(tx *Tx) error) error{
		"update": func(s *Store, fn func(tx *Tx) error) error { return s.Update(fn) },
		"on a whole keyspace": func(s *Store, fn func(tx *Tx) error) error {
			return s.Update(func(tx *Tx) error {
				if _, err := tx.DBSize(); err != nil {
					return err
				}
				return fn(tx)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTest(t)
			require.NoError(t, s.MSet(Pair{"a", "1"}, Pair{"b", "1"}))
			leave := func(own string, then func()) func(tx *Tx) error { // if the other one stays
				return func(tx *Tx) error {
					on, err := tx.MGet("a", "b")
					if err != nil {
						return err
					}
					then()
					if on[0].Value != "1" || on[1].Value != "1" {
						return nil
					}
					return tx.String(own).Set("0")
				}
			}
			runs := 0
			require.NoError(t, first(s, leave("a", func() {
				if runs++; runs == 1 {
					other := make(chan error)
					go func() { other <- s.Update(leave("b", func() {})) }()
					require.NoError(t, <-other)
				}
			})))
			require.Equal(t, 2, runs)
			left, err := s.MGet("a", "b")
			require.NoError(t, err)
			require.Equal(t, []Optional{{"1", true}, {"0", true}}, left)
		})
	}
}
