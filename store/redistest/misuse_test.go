package redistest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A fakeT is a test that notes what it is told, and ends by hand.
type fakeT struct {
	testing.TB
	lock     sync.Mutex
	logs     []string
	errors   []string
	cleanups []func()
}

type fatal struct{}

func (t *fakeT) Helper()      {}
func (t *fakeT) Name() string { return "TestOfUser" }

func (t *fakeT) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

func (t *fakeT) Logf(format string, args ...any) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.logs = append(t.logs, fmt.Sprintf(format, args...))
}

func (t *fakeT) Errorf(format string, args ...any) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.errors = append(t.errors, fmt.Sprintf(format, args...))
}

func (t *fakeT) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	panic(fatal{})
}

// during runs f, which may be ended by Fatalf.
func (t *fakeT) during(f func()) {
	defer func() {
		if r := recover(); r != nil && r != any(fatal{}) {
			panic(r)
		}
	}()
	f()
}

func (t *fakeT) end() {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
	t.cleanups = nil
}

// told wants one of the messages to have the words, and takes all away.
func (t *fakeT) told(tb testing.TB, list *[]string, words string) {
	tb.Helper()
	require.Len(tb, *list, 1)
	require.Contains(tb, (*list)[0], words)
	*list = nil
}

func TestLeftClients(t *testing.T) {
	for _, strict := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := &fakeT{}
			var opts []Option
			if strict {
				opts = append(opts, WithLeakCheck())
			}
			r := Run(f, append(opts, nil)...)
			closed, left := dial(t, r), dial(t, r)
			closed.do("PING")
			left.do("CLIENT", "SETNAME", "worker")
			require.NoError(t, closed.close())
			f.end()
			want, none := &f.logs, &f.errors
			if strict {
				want, none = none, want
			}
			require.Empty(t, *none)
			require.Len(t, *want, 1)
			message := (*want)[0]
			require.Contains(t, message, "close them before it returns, or in a t.Cleanup that is registered after redistest.Run")
			require.Equal(t, 1, strings.Count(message, "id="))
			require.Contains(t, message, "name=worker    db=0    sub=0    psub=0    ssub=0    cmd=client|setname")
			_, err := left.r.Next() // its connection is closed
			require.Error(t, err)
		})
	}
}

func TestAllClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeT{}
		c := dial(t, Run(f, WithLeakCheck()))
		c.do("PING")
		require.NoError(t, c.close()) // nobody waits for the other end to see it
		f.end()
		require.Empty(t, f.errors)
		require.Empty(t, f.logs)
	})
}

// Some clients close their connections in the background, after their Close has returned.
func TestClosedSoon(t *testing.T) {
	for _, in := range []func(*testing.T, func(*testing.T)){
		synctest.Test, func(t *testing.T, f func(*testing.T)) { f(t) },
	} {
		in(t, func(t *testing.T) {
			f := &fakeT{}
			c := dial(t, Run(f, WithLeakCheck()))
			c.do("PING")
			go func() {
				time.Sleep(5 * time.Millisecond)
				_ = c.close()
			}()
			f.end()
			require.Empty(t, f.errors)
		})
	}
}

// A T that has ended takes no error, and says nothing of what is wrong.
func TestAfterTheEndOfT(t *testing.T) {
	var r *Redis
	t.Run("inner", func(t *testing.T) { r = Run(t) })
	r.t = endedT{r.t}
	require.PanicsWithError(t, r.over().Error(), func() { r.Advance(time.Second) })
}

type endedT struct{ testing.TB }

func (endedT) Errorf(string, ...any) { panic("Fail in goroutine after the test has completed") }

func TestAfterTheEnd(t *testing.T) {
	f := &fakeT{}
	r := Run(f)
	f.end()
	const words = "redistest: the test that this Redis belongs to, TestOfUser, has ended: end what uses it"
	_, err := r.Dialer()(t.Context(), "", "")
	require.ErrorContains(t, err, words)
	for name, use := range map[string]func(){
		"Equal":   func() { r.Equal(f, Data{}) },
		"Holds":   func() { r.Holds(f, Data{"a": "b"}) },
		"Advance": func() { r.Advance(time.Second) },
		"Fail":    func() { r.Fail(Fault{}) },
		"Fork":    func() { r.Fork(f) },
	} {
		f.during(use)
		t.Log(name)
		require.Equal(t, 1, strings.Count(strings.Join(f.errors, ""), "redistest: "))
		f.told(t, &f.errors, words)
	}
	require.Equal(t, "(closed)\n", r.Dump())
	require.Error(t, r.Store().String("a").Set("b"))
	require.Empty(t, r.Commands())
	r.Disconnect()
	r.Seed(1)
}

func TestOtherBubble(t *testing.T) {
	outer := &fakeT{}
	defer outer.end()
	out := Run(outer)
	pooled := dial(t, out)
	pooled.do("PING")
	still := Run(t, WithTime(time.Unix(1_700_000_000, 0)))
	require.NoError(t, still.Store().String("a").Set("b"))
	var in *Redis
	var kept *client
	synctest.Test(t, func(inner *testing.T) {
		f := &fakeT{TB: inner}
		for _, r := range []*Redis{out, still} {
			_, err := r.Dialer()(context.Background(), "", "")
			require.ErrorContains(inner, err, "this Redis was made outside the synctest bubble that it is used in: call redistest.Run")
		}
		for name, use := range map[string]func(){
			"Store":   func() { out.Store() },
			"Advance": func() { out.Advance(time.Second) },
			"Equal":   func() { out.Equal(outer, Data{}) },
			"Holds":   func() { out.Holds(outer, Data{}) },
		} {
			outer.during(use)
			inner.Log(name)
			outer.told(inner, &outer.errors, "this Redis was made outside the synctest bubble that it is used in: call redistest.Run")
		}
		_, err := out.Do(context.Background(), "PING")
		require.ErrorContains(inner, err, "this Redis was made outside")
		_, err = pooled.write([]byte("PING\r\n"))
		require.ErrorContains(inner, err, "this Redis was made outside")
		_, err = pooled.r.Next()
		require.ErrorContains(inner, err, "this Redis was made outside")
		still.Advance(time.Second)
		still.Equal(inner, Data{"a": "b"})
		f.during(func() { out.Fork(f) })
		f.told(inner, &f.errors, "make it WithTime")
		fork := still.Fork(inner)
		c := dial(inner, fork)
		require.Equal(inner, "b", c.do("GET", "a").Str)
		require.NoError(inner, c.close())

		in = Run(inner)
		kept = dial(inner, in)
		kept.do("PING")
		done := make(chan struct{})
		go func() { defer close(done); require.Equal(inner, in.bubble, bubble()) }()
		<-done
	})
	_, err := in.Dialer()(context.Background(), "", "")
	require.ErrorContains(t, err, "has ended")
	in.ended.Store(false)
	_, err = in.Dialer()(context.Background(), "", "")
	require.ErrorContains(t, err, "this Redis was made in a synctest bubble and is used outside of it: use it inside")
	_, err = kept.write([]byte("PING\r\n"))
	require.ErrorContains(t, err, "this Redis was made in a synctest bubble and is used outside of it: use it inside")
	in.ended.Store(true)
}

// TestDoUntilTheEnd: what still waits at the end is told.
func TestDoUntilTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeT{}
		r := Run(f)
		done := make(chan error)
		go func() {
			_, err := r.Do(context.Background(), "BLPOP", "queue", "0")
			done <- err
		}()
		synctest.Wait()
		f.end()
		require.ErrorContains(t, <-done, "TestOfUser, has ended: end what uses it")
	})
}

// outerT is a test whose Fatalf does not end it.
type outerT struct {
	*testing.T
	f *fakeT
}

func (t outerT) Fatalf(format string, args ...any) { t.f.Fatalf(format, args...) }

func TestOuterTest(t *testing.T) {
	outer := outerT{t, &fakeT{}}
	synctest.Test(t, func(t *testing.T) {
		outer.f.during(func() { Run(outer) })
		outer.f.told(t, &outer.f.errors, "Run in a synctest bubble needs the t of the function that synctest.Test was given")
		r := Run(t, WithTime(time.Unix(0, 0)))
		outer.f.during(func() { r.Fork(outer) })
		outer.f.told(t, &outer.f.errors, "Fork in a synctest bubble needs the t")
	})
}

func TestBadData(t *testing.T) {
	f := &fakeT{}
	r := Run(t)
	for want, data := range map[string]any{
		`key "k": a struct {} is no value of Data`:               struct{}{},
		`key "k": "x" is no ID of an entry`:                      Entries{"x": nil},
		`key "k": <nil> can't have a time to live`:               Expires(nil, 0),
		`key "k": a chan int is no value of Data`:                Expires(make(chan int), 0),
		`can't have a time to live`:                              Expires(Expires("a", 1), 1),
		"redistest: database 0 is not as expected (- expected, ": "a",
	} {
		r.Equal(f, Data{"k": data})
		f.told(t, &f.errors, want)
	}
}

// TestSleeper: who sleeps in a bubble when its test returns has the time to wake up.
func TestSleeper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		Run(t)
		go time.Sleep(9 * time.Second)
	})
}
