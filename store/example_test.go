package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/alcovedb/alcove/store"
)

func Example() {
	s := store.New()
	defer s.Close()

	s.String("greeting").Set("Hello, Redis!")
	s.String("token").SetEX("f00d", time.Minute)
	greeting, _ := s.String("greeting").Get()
	visits, _ := s.String("visits").Incr()
	left, _ := s.TTL("token")
	_, err := s.String("nobody").Get()
	fmt.Println(greeting, visits, left.Round(time.Second))
	fmt.Println(err == store.ErrNotFound)
	// Output:
	// Hello, Redis! 1 1m0s
	// true
}

func ExampleNew() {
	clock := store.NewManualClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	s := store.New(store.WithShards(16), store.WithTracking(store.TrackIdleTime), store.WithClock(clock))
	defer s.Close()

	s.String("page").Set("<html>")
	clock.Advance(5 * time.Second)
	idle, err := s.ObjectIdleTime("page")
	fmt.Println(idle, err)
	// Output: 5s <nil>
}

// A Store is its database 0, and has 16 of them.
func ExampleStore() {
	s := store.New()
	defer s.Close()

	s.String("color").Set("red")
	s.DB(15).String("color").Set("blue")
	first, _ := s.DB(0).String("color").Get()
	last, _ := s.DB(15).String("color").Get()
	fmt.Println(first, last)

	s.FlushAll()
	fmt.Println(s.Stats().Keys)
	// Output:
	// red blue
	// 0
}

// Build a new state of the data beside the old one, then exchange them in one step.
func ExampleStore_SwapDB() {
	s := store.New()
	defer s.Close()

	live, next := s.DB(0), s.DB(1)
	live.String("price").Set("10")
	next.String("price").Set("12")
	if err := s.SwapDB(0, 1); err != nil {
		fmt.Println(err)
	}
	price, _ := live.String("price").Get()
	fmt.Println(price)
	// Output: 12
}

func ExampleDB() {
	s := store.New()
	defer s.Close()

	db := s.DB(3)
	db.MSet(store.Pair{Key: "user:1", Value: "Alice"}, store.Pair{Key: "user:2", Value: "Bob"})
	values, _ := db.MGet("user:1", "user:2", "user:3")
	for _, v := range values {
		fmt.Printf("%q %v\n", v.Value, v.Found)
	}
	n, _ := db.Del("user:1", "user:3")
	fmt.Println("deleted", n)
	// Output:
	// "Alice" true
	// "Bob" true
	// "" false
	// deleted 1
}

func ExampleDB_Scan() {
	s := store.New()
	defer s.Close()

	for i := range 100 {
		s.String(fmt.Sprintf("user:%d", i)).Set("x")
	}
	var found []string
	for cursor := uint64(0); ; {
		keys, next, err := s.Scan(cursor, store.ScanOptions{Match: "user:9?"})
		if err != nil {
			fmt.Println(err)
			return
		}
		found = append(found, keys...)
		if cursor = next; cursor == 0 {
			break
		}
	}
	slices.Sort(found)
	fmt.Println(found)
	// Output: [user:90 user:91 user:92 user:93 user:94 user:95 user:96 user:97 user:98 user:99]
}

func ExampleDB_Expire() {
	clock := store.NewManualClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	s := store.New(store.WithClock(clock))
	defer s.Close()

	s.String("session").Set("Alice")
	ttl, _ := s.TTL("session")
	fmt.Println(ttl == store.NoTTL)

	s.Expire("session", time.Hour)
	longer, _ := s.Expire("session", time.Minute, store.IfGreater)
	ttl, _ = s.TTL("session")
	fmt.Println(longer, ttl)

	clock.Advance(time.Hour)
	_, err := s.TTL("session")
	fmt.Println(err)
	// Output:
	// true
	// false 1h0m0s
	// store: not found
}

// At most three calls a minute: the first call of a window gives it its end, since only
// then the counter has none.
func ExampleDB_Expire_rateLimit() {
	s := store.New()
	defer s.Close()

	allow := func(user string) bool {
		key := "calls:" + user
		calls, err := s.String(key).Incr()
		if err != nil {
			return false
		}
		s.Expire(key, time.Minute, store.IfAbsent)
		return calls <= 3
	}
	for range 5 {
		fmt.Print(allow("Alice"), " ")
	}
	fmt.Println(allow("Bob"))
	// Output:
	// true true true false false true
}

func ExampleDB_CopyWith() {
	s := store.New()
	defer s.Close()

	s.String("config").Set("v2")
	backup := 1
	copied, err := s.CopyWith("config", "config", store.CopyOptions{DB: &backup, Replace: true})
	fmt.Println(copied, err)
	value, _ := s.DB(backup).String("config").Get()
	fmt.Println(value)
	// Output:
	// true <nil>
	// v2
}

func ExampleString() {
	s := store.New()
	defer s.Close()

	log := s.String("log")
	log.Append("one ")
	n, _ := log.Append("two")
	head, _ := log.GetRange(0, 2)
	tail, _ := log.GetRange(-3, -1)
	fmt.Println(n, head, tail)

	value, err := log.GetDel()
	fmt.Println(value, err)
	_, err = log.Get()
	fmt.Println(err)
	// Output:
	// 7 one two
	// one two <nil>
	// store: not found
}

// A lock that frees itself: set if absent, with a time to live.
func ExampleString_SetWith() {
	s := store.New()
	defer s.Close()

	lock := s.String("lock:report")
	for _, worker := range []string{"first", "second"} {
		r, err := lock.SetWith(worker, store.SetOptions{
			If:     store.IfAbsent,
			Expiry: store.ExpireIn(30 * time.Second),
			Get:    true,
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s worker: set %v, held by %q\n", worker, r.Set, r.Old.Value)
	}
	// Output:
	// first worker: set true, held by ""
	// second worker: set false, held by "first"
}

func ExampleString_Incr() {
	s := store.New()
	defer s.Close()

	visits := s.String("visits")
	visits.Incr()
	n, err := visits.Incr()
	fmt.Println(n, err)

	s.String("name").Set("Alice")
	_, err = s.String("name").Incr()
	fmt.Println(err)
	fmt.Println(errors.Is(err, store.ErrNotInteger))
	// Output:
	// 2 <nil>
	// store: value is not an integer or out of range (INCR "name")
	// true
}

func ExampleString_LCS() {
	s := store.New()
	defer s.Close()

	s.String("a").Set("ohmytext")
	s.String("b").Set("mynewtext")
	common, _ := s.String("a").LCS("b")
	fmt.Println(common)
	// Output: mytext
}

func ExampleManualClock() {
	clock := store.NewManualClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	s := store.New(store.WithClock(clock))
	defer s.Close()

	s.String("token").SetEX("f00d", time.Minute)
	clock.Advance(time.Minute - time.Millisecond)
	value, _ := s.String("token").Get()
	fmt.Println(value)

	clock.Advance(time.Millisecond)
	_, err := s.String("token").Get()
	fmt.Println(err)
	fmt.Println(s.Stats().Expired, clock.Now().UTC().Format(time.TimeOnly))
	// Output:
	// f00d
	// store: not found
	// 1 00:01:00
}

// A fork is a store of its own that begins as another one is now.
func ExampleStore_Fork() {
	fixture := store.New()
	defer fixture.Close()
	fixture.String("balance").Set("100")

	for _, spent := range []int64{10, 30} { // two tests, say
		s := fixture.Fork()
		left, _ := s.String("balance").DecrBy(spent)
		fmt.Println(left)
		s.Close()
	}
	fmt.Println(fixture.String("balance").Get())
	// Output:
	// 90
	// 70
	// 100 <nil>
}

// A snapshot is the store as of one moment, whatever is written after it.
func ExampleStore_Snapshot() {
	s := store.New()
	defer s.Close()
	s.Hash("user:1").Set("name", "Ada")

	before := s.Snapshot()
	defer before.Close()
	s.Hash("user:1").Set("name", "Grace")
	s.String("visits").Incr()
	fmt.Println(before.Hash("user:1").Get("name"))
	fmt.Println(before.String("visits").Incr())

	after := s.Snapshot()
	defer after.Close()
	changes, _ := store.Diff(before, after)
	for _, d := range changes {
		fmt.Println(d.Key, d.A, d.B)
	}
	// Output:
	// Ada <nil>
	// 0 store: read-only (INCR "visits")
	// user:1 hash hash
	// visits none string
}

func ExampleStore_Update() {
	s := store.New()
	defer s.Close()
	s.String("alice").Set("100")

	errPoor := errors.New("not enough")
	pay := func(amount int64) error {
		return s.Update(func(tx *store.Tx) error {
			left, err := tx.String("alice").DecrBy(amount)
			if err != nil {
				return err
			}
			if _, err := tx.String("bob").IncrBy(amount); err != nil {
				return err
			}
			if left < 0 {
				return errPoor // nothing of it is left
			}
			return tx.OnCommit(func() { fmt.Println("paid", amount) })
		})
	}
	fmt.Println(pay(70))
	fmt.Println(pay(70))
	fmt.Println(s.MGet("alice", "bob"))
	// Output:
	// paid 70
	// <nil>
	// not enough
	// [{30 true} {70 true}] <nil>
}

func ExampleStore_View() {
	s := store.New()
	defer s.Close()
	s.MSet(store.Pair{Key: "a", Value: "1"}, store.Pair{Key: "b", Value: "2"})

	var a, b string
	err := s.View(func(tx *store.Tx) error {
		var err error
		if a, err = tx.String("a").Get(); err != nil {
			return err
		}
		s.MSet(store.Pair{Key: "a", Value: "3"}, store.Pair{Key: "b", Value: "4"})
		b, err = tx.String("b").Get() // as of the same moment as a: the closure runs once more
		return err
	})
	fmt.Println(a, b, err)
	// Output: 3 4 <nil>
}

func ExampleWatch() {
	s := store.New()
	defer s.Close()
	s.String("stock").Set("5")

	w := s.Watch("stock")
	s.String("stock").Set("4") // somebody else
	err := s.Update(func(tx *store.Tx) error { return tx.String("stock").Set("0") }, w)
	fmt.Println(err == store.ErrConflict)
	// Output: true
}

func ExampleTx_OnCommit() {
	s := store.New()
	defer s.Close()
	err := s.Update(func(tx *store.Tx) error {
		if _, err := tx.List("jobs").RPush("a job"); err != nil {
			return err
		}
		return tx.OnCommit(func() { fmt.Println("send the mail") })
	})
	fmt.Println(err)
	// Output:
	// send the mail
	// <nil>
}

func ExampleStore_Serial() {
	s := store.New()
	defer s.Close()
	keys := []store.Key{{Name: "balance"}}
	err := s.Serial(context.Background(), keys, func(tx *store.Tx) error {
		fmt.Println("this can't be done twice")
		_, err := tx.String("balance").DecrBy(5)
		return err
	})
	fmt.Println(err)
	// Output:
	// this can't be done twice
	// <nil>
}
