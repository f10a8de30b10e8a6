package store

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseNotify(t *testing.T) {
	for _, test := range []struct {
		flags string
		want  Notify
		text  string
	}{
		{"", 0, ""},
		{"KEA", NotifyKeyspace | NotifyKeyevent | NotifyAll, "AKE"},
		{"AKEnm", NotifyKeyspace | NotifyKeyevent | NotifyAll | NotifyNew | NotifyMiss, "AnKEm"},
		{"Kg$lshzxetd", NotifyKeyspace | NotifyAll, "AK"},
		{"Elh", NotifyKeyevent | NotifyList | NotifyHash, "lhE"},
		{"hSTIV", NotifyHash | notifySubkeys, "hSTIV"},
		{"ocKK", NotifyOverwritten | NotifyTypeChanged | NotifyKeyspace, "ocK"},
	} {
		n, err := ParseNotify(test.flags)
		require.NoError(t, err)
		require.Equal(t, test.want, n, test.flags)
		require.Equal(t, test.text, n.String())
		again, err := ParseNotify(n.String())
		require.NoError(t, err)
		require.Equal(t, n, again)
	}
	for _, flags := range []string{"KEA ", "k", "KE\x00", "Ä"} {
		_, err := ParseNotify(flags)
		require.ErrorIs(t, err, ErrInvalidOption, flags)
	}
}

func FuzzParseNotify(f *testing.F) {
	f.Add("KEA")
	f.Add("g$lshzxetdmnocSTIV")
	f.Fuzz(func(t *testing.T, flags string) {
		n, err := ParseNotify(flags)
		if err != nil {
			require.Zero(t, n)
			return
		}
		again, err := ParseNotify(n.String())
		require.NoError(t, err)
		require.Equal(t, n, again)
	})
}

func TestSetNotifications(t *testing.T) {
	s := New(WithNotifications(1<<31 | NotifyKeyspace | NotifyString))
	defer s.Close()
	sub := s.PSubscribe("*")
	defer sub.Close()
	require.Equal(t, NotifyKeyspace|NotifyString, s.Notifications(), "other bits mean nothing")
	set := func(want ...string) {
		t.Helper()
		require.NoError(t, s.String("a").Set("x"))
		require.Equal(t, want, heardBy(t, sub))
	}
	set("__keyspace@0__:a set")
	require.NoError(t, s.SetNotifications(NotifyKeyevent|NotifyAll))
	set("__keyevent@0__:set a")
	require.NoError(t, s.SetNotifications(NotifyKeyevent|NotifyList))
	set()
	require.NoError(t, s.SetNotifications(NotifyKeyspace|NotifyKeyevent|NotifyAll))
	set("__keyspace@0__:a set", "__keyevent@0__:set a")
	require.NoError(t, s.DB(15).String("a").Set("x"))
	require.Equal(t, []string{"__keyspace@15__:a set", "__keyevent@15__:set a"}, heardBy(t, sub))

	f := s.Fork()
	defer f.Close()
	require.Equal(t, s.Notifications(), f.Notifications())
	forked := f.PSubscribe("*")
	defer forked.Close()
	require.NoError(t, f.String("a").Set("x"))
	require.Equal(t, []string{"__keyspace@0__:a set", "__keyevent@0__:set a"}, heardBy(t, forked))
	require.Empty(t, heardBy(t, sub))

	for _, n := range []Notify{NotifyAll, NotifyKeyspace, 0} { // events without a channel, and the other way round
		require.NoError(t, s.SetNotifications(n))
		set()
		requireSilent(t, s)
	}
	require.NoError(t, s.Close())
	require.Equal(t, ErrClosed, s.SetNotifications(NotifyAll))
	require.Zero(t, new(Store).Notifications())
	require.Equal(t, ErrClosed, new(Store).SetNotifications(NotifyAll))
}

// TestNotificationsInOrder has several goroutines bring a key and take it away, in every way:
// whatever the order was, the notifications have it, so that they alternate, and when a
// write has returned its notification has been sent.
func TestNotificationsInOrder(t *testing.T) {
	s := New(WithNotifications(NotifyKeyspace|NotifyAll), WithShards(2))
	defer s.Close()
	const keys, workers = 3, 4
	rounds := 1000
	if raceEnabled {
		rounds = 200
	}
	var subs [keys]*Subscription
	for i := range subs {
		subs[i] = s.SubscribeWith(SubscribeOptions{Buffer: 1 << 20}, fmt.Sprintf("__keyspace@0__:%d", i))
		defer subs[i].Close()
	}
	var work sync.WaitGroup
	for id := range workers {
		work.Go(func() {
			for i := range rounds {
				key := fmt.Sprint((i + id) % keys)
				var err error
				switch (i + id) % 4 {
				case 0:
					_, err = s.String(key).SetNX("x")
				case 1:
					_, err = s.Del(key)
				case 2:
					err = s.Update(func(tx *Tx) error {
						if _, err := tx.String(key).SetNX("x"); err != nil {
							return err
						}
						_, err := tx.Del("2")
						return err
					})
				default:
					err = s.Update(func(tx *Tx) error {
						if _, err := tx.Keys(key); err != nil { // from here on in a copy
							return err
						}
						_, err := tx.Del(key)
						return err
					})
				}
				noError(t, err)
			}
		})
	}
	work.Wait()
	for i, sub := range subs {
		list := heardBy(t, sub)
		require.NotEmpty(t, list)
		for at, got := range list {
			want := fmt.Sprintf("__keyspace@0__:%d set", i)
			if at%2 == 1 {
				want = fmt.Sprintf("__keyspace@0__:%d del", i)
			}
			require.Equal(t, want, got, "%d of %d", at, len(list))
		}
		n, err := s.Exists(fmt.Sprint(i))
		require.NoError(t, err)
		require.Equal(t, len(list)%2, n)
	}
}

// TestEventClasses asks for one class of events alone.
func TestEventClasses(t *testing.T) {
	for _, test := range []struct {
		flags string
		want  []string
	}{
		{"Eo", []string{"overwritten a", "overwritten l"}},
		{"Ec", []string{"type_changed l"}},
		{"E$", []string{"set a", "set l", "incrby n", "incrby n", "incrbyfloat n"}},
		{"Eg", []string{"del h", "expire n", "persist n", "expire n", "persist n", "expire a"}},
		{"Eh", []string{"hset h", "hexpire h", "hexpired h", "hset h", "hexpire h", "hexpired h"}},
		{"Ex", []string{"expired a"}},
		{"En", []string{"new h", "new n"}},
		{"Em", []string{"keymiss a"}},
	} {
		t.Run(test.flags, func(t *testing.T) {
			c := NewManualClock(time.Unix(1000, 0))
			s := New(WithClock(c))
			defer s.Close()
			must := func(_ any, err error) { t.Helper(); require.NoError(t, err) }
			must(nil, s.String("a").Set("x"))
			must(s.List("l").RPush("x"))
			heard := recordEvents(t, s, test.flags)
			must(nil, s.String("a").Set("y"))
			must(nil, s.String("l").Set("x"))
			for _, last := range []bool{false, true} { // the last field takes the hash with it
				if !last {
					must(s.Hash("h").Set("f", "x", Pair{"g", "x"}))
				} else {
					must(s.Hash("h").Set("g", "x"))
				}
				must(s.Hash("h").Expire(time.Second, Always, map[bool]string{false: "f", true: "g"}[last]))
				c.Advance(time.Second)
			}
			must(s.String("n").Incr())
			for _, incr := range []func(o IncrExOptions) error{
				func(o IncrExOptions) error { _, _, err := s.String("n").IncrEx(1, o); return err },
				func(o IncrExOptions) error { _, _, err := s.String("n").IncrExByFloat(1, o); return err },
			} {
				must(s.Expire("n", time.Hour))
				must(nil, incr(IncrExOptions{Expiry: Persist}))
			}
			must(s.Expire("a", time.Second))
			c.Advance(time.Second)
			_, err := s.String("a").Get()
			require.Equal(t, ErrNotFound, err)
			require.Equal(t, test.want, keyEvents(heard.take()))
		})
	}
}

// TestNotificationsAreAskedForMeanwhile turns notifications on and off in a closure. A run that
// has begun before is run again if it has noted less than what is asked for, but for those that
// can't be; what is not asked for any more is not sent.
func TestNotificationsAreAskedForMeanwhile(t *testing.T) {
	const off, on = Notify(0), NotifyKeyevent | NotifyAll
	declared := []Key{{0, "a"}, {0, "b"}}
	for _, test := range []struct {
		name     string
		fail     int // so many runs
		whole    bool
		serial   bool
		keys     []Key
		from, to Notify
		runs     int
		want     []string
	}{
		{name: "on", from: off, to: on, runs: 2, want: []string{"set a", "set b"}},
		{name: "on, in a copy", whole: true, from: off, to: on, runs: 2, want: []string{"set a", "set b"}},
		{name: "on, in run 3", fail: 2, from: off, to: on, runs: 4, want: []string{"set a", "set b"}},
		{name: "on, in run 4", fail: 3, from: off, to: on, runs: 4},
		{name: "on, in a serial one", serial: true, from: off, to: on, runs: 1},
		{name: "on, in one with keys", serial: true, keys: declared, from: off, to: on, runs: 1},
		{name: "more", from: NotifyKeyevent | NotifyList, to: on, runs: 2, want: []string{"set a", "set b"}},
		{name: "off", from: on, to: off, runs: 1},
		{name: "off, in a copy", whole: true, from: on, to: off, runs: 1},
		{name: "off, in a serial one", serial: true, from: on, to: off, runs: 1},
		{name: "less", from: on, to: NotifyKeyevent | NotifyList, runs: 1},
		{name: "another channel", from: NotifyKeyspace | NotifyAll, to: on, runs: 2, want: []string{"set a", "set b"}},
		{name: "one channel less", from: NotifyKeyspace | on, to: on, runs: 1, want: []string{"set a", "set b"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := New(WithNotifications(test.from))
			defer s.Close()
			sub := s.PSubscribe("*")
			defer sub.Close()
			runs := 0
			fn := func(tx *Tx) error {
				runs++
				if test.whole {
					_, err := tx.DBSize()
					require.NoError(t, err)
				}
				require.NoError(t, tx.String("a").Set("x"))
				if runs <= test.fail {
					tx.run.mu.Lock()
					defer tx.run.mu.Unlock()
					return tx.run.fail(ErrConflict)
				}
				require.NoError(t, s.SetNotifications(test.to))
				return tx.String("b").Set("x")
			}
			if test.serial {
				require.NoError(t, s.Serial(t.Context(), test.keys, fn))
			} else {
				require.NoError(t, s.Update(fn))
			}
			require.Equal(t, test.runs, runs)
			require.Equal(t, test.want, keyEvents(heardBy(t, sub)))
			requireEmptyLogs(t, s)
			check(t, s)
		})
	}
}

// TestNotesKeepNothing has keys and fields that are pieces of a long string.
func TestNotesKeepNothing(t *testing.T) {
	long := strings.Repeat("x", 8<<20)
	l := log{notify: NotifyHash | NotifyKeyevent | NotifySubkeyevent}
	l.note(NotifyHash, 0, long[:5], "hset", []string{long[:7]})
	with := heapNow()
	runtime.KeepAlive(long)
	require.Less(t, heapNow(), with-4<<20, "before it is sent")
	require.Equal(t, []notice{{at: l.list[0].at, class: NotifyHash, key: "xxxxx", name: "hset", subkeys: []string{"xxxxxxx"}}}, l.list)

	long = strings.Repeat("y", 8<<20)
	s := New(WithNotifications(NotifyKeyevent | NotifyAll))
	defer s.Close()
	sub := s.PSubscribe("*")
	defer sub.Close()
	require.NoError(t, s.String(long[:5]).Set("x"))
	with = heapNow()
	runtime.KeepAlive(long)
	require.Less(t, heapNow(), with-4<<20, "before it is received")
	require.Equal(t, []string{"__keyevent@0__:set yyyyy"}, heardBy(t, sub))
}

func TestNoNotificationsOfWhatWasRolledBack(t *testing.T) {
	s := New(WithNotifications(NotifyKeyspace | NotifyAll | NotifyNew | NotifyMiss))
	defer s.Close()
	sub := s.PSubscribe("*")
	defer sub.Close()
	no := errors.New("no")
	for _, whole := range []bool{false, true} {
		require.Equal(t, no, s.Update(func(tx *Tx) error {
			if whole {
				_, err := tx.DBSize()
				require.NoError(t, err)
			}
			require.NoError(t, tx.String("a").Set("x"))
			_, err := tx.String("none").Get()
			require.Equal(t, ErrNotFound, err)
			return no
		}))
	}
	require.Empty(t, heardBy(t, sub))
	requireEmptyLogs(t, s)
}

// requireEmptyLogs wants that nothing noted is left.
func requireEmptyLogs(t testing.TB, s *Store) {
	t.Helper()
	for i := range s.shards {
		require.True(t, s.shards[i].log.empty())
	}
	require.Empty(t, s.events.queue)
}

// TestExpiredIsNotified wants it at the deadline, whether anybody looks or not.
func TestExpiredIsNotified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(WithNotifications(NotifyKeyevent | NotifyExpired | NotifyHash | NotifyGeneric))
		defer s.Close()
		sub := s.PSubscribe("*")
		defer sub.Close()
		began := time.Now()
		require.NoError(t, s.String("a").SetEX("x", time.Second))
		_, err := s.Hash("h").Set("f", "x")
		require.NoError(t, err)
		_, err = s.Hash("h").Expire(2*time.Second, Always, "f")
		require.NoError(t, err)
		heardBy(t, sub)
		for _, want := range []struct {
			text  string
			after time.Duration
		}{{"__keyevent@0__:expired a", time.Second}, {"__keyevent@0__:hexpired h", 2 * time.Second}, {"__keyevent@0__:del h", 2 * time.Second}} {
			m, err := sub.Receive(t.Context())
			require.NoError(t, err)
			require.Equal(t, want.text, m.Channel+" "+m.Payload)
			require.Equal(t, want.after, time.Since(began).Truncate(5*time.Millisecond))
		}
	})
}

// BenchmarkListening is what a write costs where nobody listens, where notifications are sent
// that nobody has subscribed to, where somebody has, and with a feed.
func BenchmarkListening(b *testing.B) {
	for _, bc := range []struct {
		name   string
		listen func(s *Store) (drain func())
	}{
		{"nobody", func(*Store) func() { return func() {} }},
		{"notifications", func(s *Store) func() {
			_ = s.SetNotifications(NotifyKeyspace | NotifyKeyevent | NotifyAll)
			return func() {}
		}},
		{"subscriber", func(s *Store) func() {
			_ = s.SetNotifications(NotifyKeyspace | NotifyAll)
			sub := s.SubscribeWith(SubscribeOptions{Policy: DropOldest})
			_ = sub.PSubscribe("*")
			return func() { _ = sub.Close() }
		}},
		{"feed", func(s *Store) func() {
			f := s.Changes(ChangeFilter{Policy: DropOldest})
			return func() { _ = f.Close() }
		}},
	} {
		b.Run("listener="+bc.name, func(b *testing.B) {
			s := New()
			defer s.Close()
			defer bc.listen(s)()
			key := s.String("key:1234")
			b.ReportAllocs()
			for b.Loop() {
				if err := key.Set("value"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
