package redistest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/redistest"
)

// exampleT stands for the *testing.T of a test, and prints what would be in its log.
type exampleT struct {
	testing.TB
	cleanups []func()
}

func (t *exampleT) Helper()          {}
func (t *exampleT) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

func (t *exampleT) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func (t *exampleT) end() {
	for _, f := range t.cleanups {
		f()
	}
}

// A test prepares what it needs by the typed API, runs the code under test, whose client is given
// r.Dialer(), and compares. A failure shows what differs, and what there is.
func ExampleRun() {
	t := &exampleT{} // in a test, its t
	defer t.end()
	r := redistest.Run(t, redistest.WithTime(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
	_ = r.Store().String("stock:apples").Set("7")

	buy := func(words ...string) { _, _ = r.Do(context.Background(), words...) } // in a test, the code under test
	buy("DECRBY", "stock:apples", "2")
	buy("SET", "cart:anna", "apples", "EX", "1800")

	r.Equal(t, redistest.Data{
		"stock:apples": 5,
		"cart:anna":    redistest.Expires("pears", 30*time.Minute),
	})
	// Output:
	// redistest: database 0 is not as expected (- expected, + there):
	// - cart:anna string (ttl 30m0s) "pears"
	// + cart:anna string (ttl 30m0s) "apples"
	//
	// There is:
	// cart:anna string (ttl 30m0s) "apples"
	// stock:apples string "5"
}

// Outside of a bubble of testing/synctest, Advance lets time pass.
func ExampleRedis_Advance() {
	t := &exampleT{} // in a test, its t
	defer t.end()
	r := redistest.Run(t)
	_ = r.Store().String("session").SetEX("anna", time.Hour)

	r.Advance(time.Hour)
	_, err := r.Store().String("session").Get()
	fmt.Println(err == store.ErrNotFound)
	// Output: true
}

// A fixture is made once, and each case has a copy of its own.
func ExampleRedis_Fork() {
	t := &exampleT{} // in a test, its t
	defer t.end()
	fixture := redistest.Run(t)
	_, _ = fixture.Store().List("queue").RPush("a", "b", "c")

	for _, pop := range []string{"LPOP", "RPOP"} { // in a test, t.Run
		r := fixture.Fork(t)
		_, _ = r.Do(context.Background(), pop, "queue")
		fmt.Print(pop, ": ", r.Dump())
	}
	fmt.Print(fixture)
	// Output:
	// LPOP: queue list "b", "c"
	// RPOP: queue list "a", "b"
	// queue list "a", "b", "c"
}
