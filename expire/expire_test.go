package expire

import (
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func rng(t testing.TB) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("ALCOVE_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		seed = n
	}
	t.Logf("ALCOVE_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// TestModel compares a scheduler that is run by hand with a map.
func TestModel(t *testing.T) {
	r := rng(t)
	const sources = 20
	for range 200 {
		now := int64(1)
		model := map[int]int64{}
		earliest := func() (source int, at int64) {
			for i, a := range model {
				if at == 0 || a < at {
					source, at = i, a
				}
			}
			return source, at
		}
		var s *Scheduler
		run := func(source int) (int64, bool) {
			_, first := earliest()
			require.Equal(t, first, model[source], "the first deadline comes first")
			require.LessOrEqual(t, first, now)
			delete(model, source)
			switch r.IntN(4) {
			case 0: // it wants to run again
				next := now + int64(r.IntN(20)) + 1
				model[source] = next
				return next, true
			case 1: // it is busy
				model[source] = now + retry
				return 0, false
			case 2: // it asks for it itself
				s.Schedule(source, now+7)
				model[source] = now + 7
			}
			return 0, true
		}
		s = New(Config{Sources: sources, Now: func() int64 { return now }, Run: run, Manual: true})
		for range 300 {
			switch source := r.IntN(sources); r.IntN(5) {
			case 0:
				now += int64(r.IntN(30))
				s.RunDue()
				_, at := earliest()
				require.True(t, at == 0 || at > now, "something is due and has not run")
			case 1:
				s.Cancel(source)
				delete(model, source)
			default:
				at := now + int64(r.IntN(100))
				s.Schedule(source, at)
				if old := model[source]; old == 0 || at < old {
					model[source] = at
				}
			}
			_, at := earliest()
			require.Equal(t, at, s.Earliest())
		}
		s.Schedule(0, 0) // no deadline at all
		s.Close()
	}
}

// onTime is a scheduler in a bubble whose unit is the nanosecond.
func onTime(sources int, run func(source int) (int64, bool)) *Scheduler {
	return New(Config{
		Sources: sources,
		Now:     func() int64 { return time.Now().UnixNano() },
		Wait: func(deadline int64, wake <-chan struct{}) {
			timer := time.NewTimer(time.Until(time.Unix(0, deadline)))
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-wake:
			}
		},
		Run: run,
	})
}

// A goroutine that is left at the end fails a bubble.
func TestGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rng(t)
		at := map[int]int64{}
		s := onTime(10, func(source int) (int64, bool) {
			require.Equal(t, at[source], time.Now().UnixNano(), "it runs on time")
			delete(at, source)
			return 0, true
		})
		for range 20 {
			for range 10 {
				source, when := r.IntN(10), time.Now().Add(time.Duration(1+r.IntN(1000))).UnixNano()
				if old := at[source]; old == 0 || when < old {
					at[source] = when
				}
				s.Schedule(source, when)
			}
			synctest.Wait()
			require.True(t, s.running)
			time.Sleep(2000)
			synctest.Wait()
			require.Empty(t, at)
			require.False(t, s.running, "it ends with the last deadline")
		}
		s.Schedule(3, time.Now().Add(time.Hour).UnixNano())
		synctest.Wait() // it sleeps now
		s.Cancel(3)
		s.Cancel(3)
		synctest.Wait()
		require.False(t, s.running, "and with the last that is cancelled")
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		s := onTime(2, func(int) (int64, bool) {
			runs++
			time.Sleep(time.Minute) // Close waits for it
			return 1, true
		})
		s.Schedule(0, 1)
		synctest.Wait()
		start := time.Now()
		var closers sync.WaitGroup
		for range 3 {
			closers.Go(s.Close)
		}
		closers.Wait()
		require.Equal(t, time.Minute, time.Since(start))
		require.False(t, s.running)
		s.Schedule(1, 1)
		s.Close()
		time.Sleep(time.Hour)
		require.Equal(t, 1, runs, "nothing runs after Close")
	})
}

func TestCloseWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := onTime(1, func(int) (int64, bool) { t.Error("it must not run"); return 0, true })
		s.Schedule(0, time.Now().Add(time.Hour).UnixNano())
		synctest.Wait()
		start := time.Now()
		s.Close()
		require.Equal(t, start, time.Now())
	})
}

func TestBusyIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		busy := 100
		var order []int
		s := onTime(2, func(source int) (int64, bool) {
			if source == 0 && busy > 0 {
				busy--
				return 0, false
			}
			order = append(order, source)
			return 0, true
		})
		s.Schedule(0, start.Add(1000).UnixNano())
		s.Schedule(1, start.Add(1000).UnixNano())
		time.Sleep(2000)
		synctest.Wait()
		require.Equal(t, []int{1, 0}, order, "the others do not wait for it")
		require.Zero(t, busy)
	})
}

// Whatever is scheduled from many goroutines runs, none is lost.
func TestScheduleFromMany(t *testing.T) {
	const sources, goroutines, each = 8, 4, 2000
	var due [sources]atomic.Int64 // how often it was scheduled since it ran
	s := onTime(sources, func(source int) (int64, bool) {
		due[source].Store(0)
		return 0, true
	})
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range each {
				source := (g + i) % sources
				due[source].Add(1)
				s.Schedule(source, time.Now().Add(time.Duration(i%50)*time.Microsecond).UnixNano())
				if i%100 == 0 {
					s.Earliest()
				}
			}
		})
	}
	wg.Wait()
	require.Eventually(t, func() bool {
		for i := range due {
			if due[i].Load() != 0 {
				return false
			}
		}
		return s.Earliest() == 0
	}, 10*time.Second, time.Millisecond)
	s.Close()
}

// TestRunDueWaits: when RunDue returns, what the goroutine was running is done, too.
func TestRunDueWaits(t *testing.T) {
	began, end := make(chan struct{}), make(chan struct{})
	var done atomic.Bool
	s := New(Config{
		Sources: 1, Now: func() int64 { return 1 }, Wait: func(_ int64, wake <-chan struct{}) { <-wake },
		Run: func(int) (int64, bool) {
			close(began)
			<-end
			done.Store(true)
			return 0, true
		},
	})
	defer s.Close()
	s.Schedule(0, 1)
	<-began
	early := make(chan bool)
	go func() {
		s.RunDue()
		early <- !done.Load()
	}()
	for range 1000 { // enough for one that does not wait
		runtime.Gosched()
	}
	close(end)
	require.False(t, <-early)
}
