package store

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestEventsOfDeadlines wants expired when a deadline has come, also where a read is there
// first, and hexpired with the fields.
func TestEventsOfDeadlines(t *testing.T) {
	for _, opts := range [][]Option{nil, {WithShards(1), tiny}} {
		synctest.Test(t, func(t *testing.T) {
			s := newTest(t, opts...)
			heard := recordEvents(t, s, "EAm")
			require.NoError(t, s.String("k").SetEX("v", time.Second))
			for i := range 5 {
				_, err := s.Hash("h").SetEX(Always, ExpireIn(2*time.Second), Pair{strconv.Itoa(i), "v"})
				require.NoError(t, err)
			}
			_, err := s.Hash("h").Set("last", "v")
			require.NoError(t, err)
			heard.take()

			time.Sleep(time.Second)
			_, err = s.String("k").Get()
			require.ErrorIs(t, err, ErrNotFound)
			synctest.Wait()
			require.Equal(t, []string{"expired k", "keymiss k"}, keyEvents(heard.take()))

			sub := s.SubscribeWith(SubscribeOptions{})
			require.NoError(t, sub.PSubscribe("__subkeyspace@*"))
			require.NoError(t, s.SetNotifications(NotifySubkeyspace|NotifyKeyevent|NotifyHash|NotifyGeneric|NotifyExpired))
			time.Sleep(time.Second)
			n, err := s.Hash("h").Len()
			require.NoError(t, err)
			require.Equal(t, 1, n)
			synctest.Wait()
			var events []string
			for _, text := range heard.take() {
				if strings.HasPrefix(text, "__keyevent") {
					events = append(events, text)
				}
			}
			require.Equal(t, []string{"hexpired h"}, keyEvents(events))
			m, err := sub.Receive(t.Context())
			require.NoError(t, err)
			name, fields, _ := strings.Cut(m.Payload, "|")
			list := strings.Split(fields, ",")
			slices.Sort(list)
			require.Equal(t, "hexpired", name)
			require.Equal(t, []string{"1:0", "1:1", "1:2", "1:3", "1:4"}, list)

			// The last field takes the key with it.
			_, err = s.Hash("h").Expire(time.Second, Always, "last")
			require.NoError(t, err)
			heard.take()
			time.Sleep(time.Second)
			synctest.Wait()
			var last []string
			for _, text := range heard.take() {
				if strings.HasPrefix(text, "__keyevent") {
					last = append(last, text)
				}
			}
			require.Equal(t, []string{"hexpired h", "del h"}, keyEvents(last))
			require.NoError(t, sub.Close())
		})
	}
}

// TestEventsOfWhoComesAcross has what is overdue be found by who looks for it, before the expirer: all is told when that returns.
func TestEventsOfWhoComesAcross(t *testing.T) {
	must := func(_ any, err error) error { return err }
	for name, look := range map[string]func(s *Store) error{
		"DBSize":            func(s *Store) error { return must(s.DBSize()) },
		"DBSize of another": func(s *Store) error { return must(s.DB(1).DBSize()) },
		"RandomKey":         func(s *Store) error { return must(s.RandomKey()) },
	} {
		t.Run(name, func(t *testing.T) {
			c := NewManualClock(time.Unix(1000, 0))
			s := newTest(t, WithClock(c), WithShards(4))
			require.NoError(t, s.String("stays").Set("v"))
			var want []string
			for i := range 100 { // more than a slice in each shard
				key := strconv.Itoa(i)
				require.NoError(t, s.String(key).SetEX("v", time.Second))
				require.NoError(t, s.DB(1).String(key).SetEX("v", time.Second))
				want = append(want, "expired "+key)
			}
			heard := recordEvents(t, s, "Ex")
			f := s.Changes(ChangeFilter{})
			defer f.Close()
			c.set(c.nano() + int64(time.Second)) // without the expirer
			require.NoError(t, look(s))
			got := keyEvents(heard.take())
			slices.Sort(got)
			slices.Sort(want)
			require.Equal(t, want, got)
			changes := 0
			for _, set := range received(t, f) {
				changes += len(set.Changes)
			}
			require.Equal(t, len(want), changes)
			requireEmptyLogs(t, s)
		})
	}
}

// TestEventsInOrder has commands and closures write a few keys at once: by the events of a
// key, in their order, it comes only where it was not, and goes only where it was.
func TestEventsInOrder(t *testing.T) {
	for _, shards := range []int{1, 16} {
		s := newTest(t, WithShards(shards))
		heard := recordEvents(t, s, "KAnm")
		keys := []string{"a", "b", "c", "d"}
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(g), 1))
				for i := range rounds(3000) {
					key, other := keys[r.IntN(len(keys))], keys[r.IntN(len(keys))]
					do := func(db DB) error {
						var err error
						switch r.IntN(6) {
						case 0:
							err = db.String(key).Set("v")
						case 1:
							_, err = db.Del(key, other)
						case 2:
							err = db.String(key).SetEX("v", time.Duration(r.IntN(300))*time.Microsecond+1)
						case 3:
							err = db.MSet(Pair{key, "v"}, Pair{other, "w"})
						case 4:
							_, err = db.Copy(key, other)
						default:
							_, err = db.String(key).Get()
						}
						if err == ErrNotFound || classOf(err) == ErrSameKey {
							err = nil
						}
						return err
					}
					var err error
					if i%3 == 0 {
						whole := i%9 == 0
						err = s.Update(func(tx *Tx) error {
							if whole {
								if _, err := tx.DBSize(); err != nil { // from here on in a copy
									return err
								}
							}
							if err := do(tx.DB(0)); err != nil {
								return err
							}
							return do(tx.DB(0))
						})
					} else {
						err = do(s.DB(0))
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		_, err := s.Del(keys...)
		require.NoError(t, err)
		there, events := map[string]bool{}, heard.take()
		for i, text := range events {
			key, event, _ := strings.Cut(strings.TrimPrefix(text, "__keyspace@0__:"), " ")
			switch event {
			case "new":
				require.False(t, there[key], "%d: %q", i, events[max(0, i-20):i+1])
				there[key] = true
			case "del", "expired":
				require.True(t, there[key], "%d: %q", i, events[max(0, i-20):i+1])
				there[key] = false
			case missed:
			default:
				require.True(t, there[key], "%d: %q", i, events[max(0, i-20):i+1])
			}
		}
		for key, is := range there {
			require.False(t, is, key)
		}
		require.Greater(t, len(events), 5000)
	}
}

// TestMissesWhileTheyAreAskedFor reads while notifications are turned on and off.
func TestMissesWhileTheyAreAskedFor(t *testing.T) {
	s := newTest(t)
	n := rounds(2000)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range n {
				_, _ = s.String("k").Get()
				_, _ = s.MGet("k", "l")
				_ = s.View(func(tx *Tx) error { _, err := tx.Hash("k").GetAll(); return err })
			}
		})
	}
	for i := range n / 10 {
		require.NoError(t, s.SetNotifications([]Notify{0, NotifyKeyspace | NotifyMiss}[i%2]))
	}
	wg.Wait()
	require.NoError(t, s.SetNotifications(NotifyKeyspace|NotifyMiss))
	sub := s.SubscribeWith(SubscribeOptions{})
	require.NoError(t, sub.PSubscribe("__*"))
	sn := s.Snapshot()
	_, err := sn.String("k").Get()
	require.ErrorIs(t, err, ErrNotFound)
	require.Zero(t, sub.Stats().Buffered, "a snapshot tells nothing")
	require.NoError(t, sn.Close())
	require.NoError(t, sub.Close())
}
