package store

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What the package says of results and errors, for every method of the handles. A
// method stands in methodRules under its rule; a new one that does not fails
// TestEveryMethod.

// rule is what a method does with a key that it does not like.
type rule struct {
	missing error // of a missing or an expired key; nil: it has a result
	zero    bool  // the result for a missing key is the zero value
	wrong   error // of a key that holds another type; nil: any type will do
	reason  string
}

var (
	lookup   = rule{missing: ErrNotFound, zero: true, wrong: ErrWrongType}
	lookAny  = rule{missing: ErrNotFound, zero: true} // of any type
	sizeOf   = rule{zero: true, wrong: ErrWrongType}  // what is missing counts as empty
	countAny = rule{zero: true}
	create   = rule{wrong: ErrWrongType} // makes the key
	waits    = rule{missing: context.Canceled, zero: true, wrong: ErrWrongType}
)

// except is rule r for a reason.
func (r rule) except(reason string, change func(r *rule)) rule {
	change(&r)
	r.reason = reason
	return r
}

var methodRules = map[string]rule{
	"String.Get":           lookup,
	"String.GetDel":        lookup,
	"String.GetEx":         lookup,
	"String.GetSet":        lookup,
	"String.StrLen":        sizeOf,
	"String.GetRange":      sizeOf,
	"String.SetRange":      create,
	"String.Append":        create,
	"String.Incr":          create,
	"String.IncrBy":        create,
	"String.IncrByFloat":   create,
	"String.IncrByDecimal": create,
	"String.Decr":          create,
	"String.DecrBy":        create,
	"String.Digest":        lookup,
	"String.DelEx":         sizeOf,
	"String.DelIfEq":       sizeOf,
	"String.IncrEx":        create,
	"String.IncrExByFloat": create,
	"String.LCS":           sizeOf,
	"String.LCSLen":        sizeOf,
	"String.LCSIdx":        sizeOf,
	"String.AppendTo": lookup.except("it returns the buffer that it got",
		func(r *rule) { r.zero = false }),
	"String.Set":      create.except("SET overwrites any type", anyType),
	"String.SetBytes": create.except("SET overwrites any type", anyType),
	"String.SetWith":  create.except("SET overwrites any type; with Get it is a GETSET, see TestSetWithGet", anyType),
	"String.SetNX":    create.except("SETNX asks only whether the key is there", anyType),
	"String.SetEX":    create.except("SETEX overwrites any type", anyType),

	"DB.TTL":            lookAny,
	"DB.ExpireTime":     lookAny,
	"DB.MemoryUsage":    lookAny,
	"DB.ObjectEncoding": lookAny,
	"DB.ObjectFreq":     lookAny,
	"DB.ObjectIdleTime": lookAny,
	"DB.Fingerprint":    lookAny,
	"DB.Rename":         lookAny,
	"DB.RenameNX":       lookAny,
	"DB.Type":           countAny,
	"DB.Del":            countAny,
	"DB.Unlink":         countAny,
	"DB.Exists":         countAny,
	"DB.Touch":          countAny,
	"DB.Expire":         countAny,
	"DB.ExpireAt":       countAny,
	"DB.Persist":        countAny,
	"DB.Move":           countAny,
	"DB.Copy":           countAny,
	"DB.CopyWith":       countAny,
	"DB.RandomKey":      lookAny,
	"DB.Keys":           countAny,
	"DB.All":            countAny.except("it returns an iterator", func(r *rule) { r.zero = false }),
	"DB.Scan":           countAny,
	"DB.DBSize":         countAny,
	"DB.MGet": sizeOf.except("MGET says found or not, also of another type", func(r *rule) {
		r.zero, r.wrong = false, nil
	}),
	"DB.MSet":   create.except("MSET overwrites any type", anyType),
	"DB.MSetNX": create.except("MSETNX asks only whether the keys are there", anyType),
	"DB.MSetEX": create.except("MSETEX overwrites any type", anyType),

	"DB.FlushDB":            countAny,
	"Store.Publish":         countAny,
	"Store.PublishContext":  countAny,
	"Store.SPublish":        countAny,
	"Store.SPublishContext": countAny,
	"Store.PubSubChannels":  countAny,
	"Store.PubSubNumPat":    countAny,
	"Store.PubSubNumSub": countAny.except("it has a number for each channel",
		func(r *rule) { r.zero = false }),
	"Store.PubSubShardChannels": countAny,
	"Store.PubSubShardNumSub": countAny.except("it has a number for each channel",
		func(r *rule) { r.zero = false }),

	"Store.FlushAll":    countAny,
	"Store.SwapDB":      countAny,
	"Store.Fingerprint": lookAny,
}

func anyType(r *rule) { r.wrong = nil }

// noCommands are methods that touch no key and have no error to return.
var noCommands = map[string]string{
	"DB.Watch":                 "what is wrong comes out at Update",
	"Store.Update":             "it takes a closure",
	"Store.UpdateContext":      "it takes a closure",
	"Store.View":               "it takes a closure",
	"Store.Serial":             "it takes a closure",
	"Store.Close":              "it ends the store, and returns nil always",
	"Store.DB":                 "it makes a handle",
	"Store.Fork":               "a fork of a closed store is closed",
	"Store.Snapshot":           "a snapshot of a closed store is closed",
	"Store.Changes":            "what is wrong comes out of the feed",
	"Store.SnapshotAndChanges": "what is wrong comes out of the feed",
	"Store.SetNotifications":   "it touches no key",
	"Store.Notifications":      "it reads an option",
	"Store.Timeout":            "a context ends at the latest when its parent does",
	"DB.Time":                  "it reads the clock",
	"DB.Store":                 "it reads the handle",
	"DB.WaitFor":               "it takes a closure",
	"DB.String":                "it makes a handle",
	"Store.Subscribe":          "what is wrong comes out of the subscription",
	"Store.SubscribeWith":      "what is wrong comes out of the subscription",
	"Store.PSubscribe":         "what is wrong comes out of the subscription",
	"Store.SSubscribe":         "what is wrong comes out of the subscription",
	"Store.Stats":              "it counts what is there, in a closed store too",
	"Store.UsedMemory":         "it is a field of Stats",
	"String.Key":               "it reads the handle",
	"DB.ZSet":                  "it makes a handle",
	"ZSet.Key":                 "it reads the handle",
}

// handleMakers make the handle of each type. The test of a type adds its own, and its
// rules to methodRules.
var handleMakers = map[string]func(db DB, key string) any{
	"DB":     func(db DB, _ string) any { return db },
	"String": func(db DB, key string) any { return db.String(key) },
}

// methodArguments are the arguments of methods for which those that argument makes up
// will not do; it makes up those that are nil.
var methodArguments = map[string][]any{
	"String.DelEx":         {IfEqual, "x"},
	"String.IncrEx":        {int64(1), IncrExOptions{}},
	"String.IncrExByFloat": {1.5, IncrExOptions{}},
}

// handles are the values whose methods are commands, over db; key is theirs.
func handles(s *Store, db DB, key string) map[string]reflect.Value {
	h := map[string]reflect.Value{}
	for name, makeHandle := range handleMakers {
		h[name] = reflect.ValueOf(makeHandle(db, key))
	}
	if s != nil {
		h["Store"] = reflect.ValueOf(s)
	}
	return h
}

// invoke calls a method with arguments that make sense for key, and returns its
// results without the error, and that.
func invoke(t testing.TB, method reflect.Value, name, key string) (results []reflect.Value, err error) {
	t.Helper()
	var in []reflect.Value
	typ := method.Type()
	for i := range typ.NumIn() {
		if args, ok := methodArguments[name]; ok && args[i] != nil {
			in = append(in, reflect.ValueOf(args[i]))
			continue
		}
		in = append(in, argument(t, name, i, typ.In(i), key))
	}
	var got []reflect.Value
	if typ.IsVariadic() {
		got = method.CallSlice(in)
	} else {
		got = method.Call(in)
	}
	last := len(got) - 1
	require.Equal(t, "error", typ.Out(last).Name(), "%s returns an error", name)
	err, _ = got[last].Interface().(error)
	for i, r := range got[:last] {
		if r.Kind() == reflect.Func && !r.IsNil() {
			got[i] = reflect.ValueOf(listed(r))
		}
	}
	return got[:last], err
}

// listed returns what an iterator yields.
func listed(seq reflect.Value) (all []any) {
	if seq.Type().CanSeq2() {
		for k, v := range seq.Seq2() {
			all = append(all, k.Interface(), v.Interface())
		}
		return all
	}
	for v := range seq.Seq() {
		all = append(all, v.Interface())
	}
	return all
}

func argument(t testing.TB, name string, i int, typ reflect.Type, key string) reflect.Value {
	t.Helper()
	onDB := !strings.HasPrefix(name, "String.")
	switch v := reflect.New(typ).Elem(); typ {
	case reflect.TypeFor[string]():
		switch {
		case name == "DB.Keys":
			v.SetString("*")
		case onDB && i == 0:
			v.SetString(key)
		case strings.HasPrefix(name, "String.LCS"):
			v.SetString("another")
		default:
			v.SetString("1")
		}
		return v
	case reflect.TypeFor[[]string]():
		return reflect.ValueOf([]string{key})
	case reflect.TypeFor[[]Pair]():
		return reflect.ValueOf([]Pair{{key, "1"}, {"another", "2"}})
	case reflect.TypeFor[context.Context]():
		return reflect.ValueOf(newImpatient())
	case reflect.TypeFor[time.Duration]():
		return reflect.ValueOf(time.Hour)
	case reflect.TypeFor[time.Time]():
		return reflect.ValueOf(time.Now().Add(time.Hour))
	case reflect.TypeFor[int](), reflect.TypeFor[int64]():
		v.SetInt(1)
		return v
	case reflect.TypeFor[float64]():
		return reflect.ValueOf(1.5)
	case reflect.TypeFor[uint64](), reflect.TypeFor[[]byte](), reflect.TypeFor[[]Condition](),
		reflect.TypeFor[ScanOptions](), reflect.TypeFor[SetOptions](), reflect.TypeFor[CopyOptions](),
		reflect.TypeFor[Expiry](), reflect.TypeFor[Condition]():
		return v
	default:
		t.Fatalf("%s: no value for an argument of type %v", name, typ)
		return v
	}
}

// eachMethod calls f for every command. Of a Store only what a DB has not.
func eachMethod(s *Store, db DB, key string, f func(name string, method reflect.Value)) {
	for typ, h := range handles(s, db, key) {
		for i := range h.NumMethod() {
			method := h.Type().Method(i).Name
			if typ == "Store" {
				if _, promoted := reflect.TypeFor[DB]().MethodByName(method); promoted && method != "Fingerprint" {
					continue
				}
			}
			name := typ + "." + method
			if _, no := noCommands[name]; !no {
				f(name, h.Method(i))
			}
		}
	}
}

func TestEveryMethod(t *testing.T) {
	seen := map[string]bool{}
	eachMethod(New(), DB{}, "", func(name string, _ reflect.Value) {
		_, ok := methodRules[name]
		require.True(t, ok, "%s has no row in methodRules", name)
		seen[name] = true
	})
	for name := range methodRules {
		require.True(t, seen[name], "%s is no method", name)
	}
	for name := range noCommands {
		typ, method, _ := strings.Cut(name, ".")
		_, ok := handles(New(), DB{}, "")[typ].Type().MethodByName(method)
		require.True(t, ok, "%s is no method", name)
	}
	for name, want := range methodRules {
		t.Run(name, func(t *testing.T) {
			checkMethod(t, name, want)
		})
	}
}

// checkMethod calls a method on its own store for every state of the key.
func checkMethod(t *testing.T, name string, want rule) {
	tracking := NoTracking
	switch name {
	case "DB.ObjectFreq":
		tracking = TrackFrequency
	case "DB.ObjectIdleTime":
		tracking = TrackIdleTime
	}
	clock := NewManualClock(time.Unix(1_700_000_000, 0))
	fresh := func() (*Store, reflect.Value) {
		s := newTest(t, WithClock(clock), WithTracking(tracking))
		typ, method, _ := strings.Cut(name, ".")
		return s, handles(s, s.DB(0), "key")[typ].MethodByName(method)
	}

	s, method := fresh()
	missing, err := invoke(t, method, name, "key")
	requireOutcome(t, want.missing, err, "a missing key")
	if want.zero {
		for i, r := range missing {
			empty := r.IsZero() || r.Kind() == reflect.Slice && r.Len() == 0
			require.True(t, empty, "result %d of a missing key: %v", i, r)
		}
	}
	after, err := s.Fingerprint()
	require.NoError(t, err)

	// An expired key, the expirer has not come by, is exactly as a missing one.
	s, method = fresh()
	for _, p := range []Pair{{"key", "5"}} {
		require.NoError(t, s.String(p.Key).SetEX(p.Value, time.Second))
	}
	clock.set(clock.nano() + int64(time.Second))
	expired, err := invoke(t, method, name, "key")
	requireOutcome(t, want.missing, err, "an expired key")
	require.Len(t, expired, len(missing))
	timed := strings.Contains(name, "SetEX") || name == "Stream.Add" // what it leaves tells the time
	for i := range missing {
		if missing[i].Kind() == reflect.Func || timed { // an iterator
			continue
		}
		require.Equal(t, missing[i].Interface(), expired[i].Interface(), "result %d of an expired key", i)
	}
	if !timed {
		expiredAfter, err := s.Fingerprint()
		require.NoError(t, err)
		require.Equal(t, after, expiredAfter, "what it left of an expired key")
	}

	s, method = fresh()
	if typ, _, _ := strings.Cut(name, "."); slices.Contains([]string{"String", "Bitmap", "DB", "Store"}, typ) {
		plant(t, s.DB(0), "key", 0)
	} else {
		require.NoError(t, s.String("key").Set("a string"))
	}
	before, err := s.Fingerprint()
	require.NoError(t, err)
	results, err := invoke(t, method, name, "key")
	requireOutcome(t, want.wrong, err, "a key of another type")
	if want.wrong != nil {
		for i, r := range results {
			if name != "String.AppendTo" {
				require.True(t, r.IsZero(), "result %d of another type: %v", i, r)
			}
		}
		now, err := s.Fingerprint()
		require.NoError(t, err)
		require.Equal(t, before, now, "nothing has changed")
	}
}

// requireOutcome wants an expected outcome bare, and a mistake as an OpError that
// names the command.
func requireOutcome(t testing.TB, want, got error, what string) {
	t.Helper()
	if want == nil || want == ErrNotFound || want == ErrClosed || want == context.Canceled {
		require.True(t, got == want, "%s: got %v, want %v", what, got, want)
		return
	}
	require.ErrorIs(t, got, want, what)
	var op *OpError
	require.ErrorAs(t, got, &op, what)
	require.NotEmpty(t, op.Op, what)
	require.Equal(t, strings.ToUpper(op.Op), op.Op, what)
}

func TestClosed(t *testing.T) {
	s := New()
	require.NoError(t, s.String("key").SetEX("v", time.Hour))
	require.NoError(t, s.Close())
	eachMethod(s, s.DB(0), "key", func(name string, method reflect.Value) {
		_, err := invoke(t, method, name, "key")
		require.True(t, err == ErrClosed, "%s in a closed store: %v", name, err)
	})
	require.NoError(t, s.Close())
	require.NotPanics(t, func() { s.Stats() })
}

func TestInvalidDB(t *testing.T) {
	s := newTest(t)
	for _, n := range []int{-1, Databases, math.MaxInt, math.MinInt} {
		eachMethod(nil, s.DB(n), "key", func(name string, method reflect.Value) {
			_, err := invoke(t, method, name, "key")
			requireOutcome(t, ErrInvalidDB, err, fmt.Sprintf("%s in database %d", name, n))
		})
		require.ErrorIs(t, s.SwapDB(0, n), ErrInvalidDB)
		require.ErrorIs(t, s.SwapDB(n, 0), ErrInvalidDB)
		_, err := s.Move("key", n)
		require.ErrorIs(t, err, ErrInvalidDB)
		_, err = s.CopyWith("key", "other", CopyOptions{DB: &n})
		require.ErrorIs(t, err, ErrInvalidDB)
	}
}

func TestZeroHandles(t *testing.T) {
	eachMethod(nil, DB{}, "", func(name string, method reflect.Value) {
		_, err := invoke(t, method, name, "key")
		require.True(t, err == ErrClosed, "%s of no store: %v", name, err)
	})
	_, err := String{}.Get()
	require.True(t, err == ErrClosed)

	var zero Store
	for _, db := range []DB{zero.DB(0), zero.DB(1)} {
		eachMethod(&zero, db, "key", func(name string, method reflect.Value) {
			_, err := invoke(t, method, name, "key")
			require.True(t, err == ErrClosed, "%s of a zero Store: %v", name, err)
		})
	}
	require.NoError(t, zero.Close())
	require.Zero(t, zero.Stats())
}

// TestSetWithGet is what the reflective test can't see of SetWith.
func TestSetWithGet(t *testing.T) {
	s := newTest(t)
	plant(t, s.DB(0), "key", 0)
	_, err := s.String("key").SetWith("v", SetOptions{Get: true})
	requireOutcome(t, ErrWrongType, err, "SET GET")
	r, err := s.String("key").SetWith("v", SetOptions{})
	require.NoError(t, err)
	require.True(t, r.Set)
}

// Wrong types behind the first key.
func TestWrongTypeOfOther(t *testing.T) {
	s := newTest(t)
	plant(t, s.DB(0), "hash", 0)
	require.NoError(t, s.String("key").Set("v"))
	_, err := s.String("key").LCS("hash")
	requireOutcome(t, ErrWrongType, err, "LCS")
	require.NoError(t, s.Rename("key", "hash"))
	value, err := s.String("hash").Get()
	require.NoError(t, err)
	require.Equal(t, "v", value)
}
