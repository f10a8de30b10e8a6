package store_test

import (
	"fmt"
	"time"

	"github.com/alcovedb/alcove/store"
)

// A value comes from a Redis, by its DUMP, and goes there, by its RESTORE.
func ExampleDB_Restore() {
	s := store.New()
	defer s.Close()

	fromRedis := "\x00\rHello, Redis!\n\x00\x00\x86cC\x0e`\xf0\xbf"
	if err := s.Restore("greeting", []byte(fromRedis)); err != nil {
		fmt.Println(err)
		return
	}
	text, _ := s.String("greeting").Get()
	payload, _ := s.Dump("greeting")
	fmt.Println(text, string(payload) == fromRedis)
	fmt.Println(s.Restore("greeting", payload))
	fmt.Println(s.Restore("other", payload[2:]))
	// Output:
	// Hello, Redis! true
	// store: target key name already exists (RESTORE "greeting")
	// store: payload version or checksum are wrong (RESTORE "other")
}

// A list moves to another store, for an hour.
func ExampleDB_Dump() {
	one, two := store.New(), store.New()
	defer one.Close()
	defer two.Close()

	one.List("jobs").RPush("wash", "dry", "fold")
	payload, _ := one.Dump("jobs")
	two.RestoreWith("jobs", payload, store.RestoreOptions{Expiry: store.ExpireIn(time.Hour), Replace: true})
	jobs, _ := two.List("jobs").Range(0, -1)
	ttl, _ := two.TTL("jobs")
	fmt.Println(jobs, ttl.Round(time.Minute))
	// Output:
	// [wash dry fold] 1h0m0s
}
