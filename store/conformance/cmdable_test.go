package conformance

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A row is a call of a method of go-redis: its name and its arguments but for the context.
// Before the name may stand
//
//	~   elements in any order
//	?   only the error is compared, and whether there is a value
//	!   and not what is left in the databases, since it is random
type row []any

// absent are commands of modules and of later servers that the store does not have, by the
// beginnings of the methods' names. A redis-server 7.0.15 knows none of them either.
var absent = []string{
	"AR", "BF", "CF", "CMS", "FT", "HImport", "JSON", "TDigest", "TS", "TopK", "VAdd", "VCard", "VDim", "VEmb",
	"VGetAttr", "VInfo", "VIsMember", "VLinks", "VRandMember", "VRange", "VRem", "VSetAttr", "VClearAttributes", "VSim",
	"ClientMaintNotifications", "ClusterMyShardID",
}

// notCalled are methods that are no command, end the server or the test, or depend on the moment.
var notCalled = []string{
	"Pipeline", "Pipelined", "TxPipeline", "TxPipelined", // all rows are called in a transaction, too
	"Shutdown", "ShutdownSave", "ShutdownNoSave",
	"Quit", "JSONDebugMemory", // go-redis panics
	"BgSave", "BgRewriteAOF", // a redis-server may be busy with the one before
}

// scripting are methods that need an interpreter: see scripts_test.go.
var scripting = []string{
	"Eval", "EvalSha", "EvalRO", "EvalShaRO", "ScriptExists", "ScriptFlush", "ScriptKill", "ScriptLoad",
	"FCall", "FCallRO", "FCallRo", "FunctionDelete", "FunctionDump", "FunctionFlush", "FunctionFlushAsync",
	"FunctionKill", "FunctionList", "FunctionLoad", "FunctionLoadReplace", "FunctionRestore", "FunctionStats",
}

// differs has the errors of what differs on purpose.
var differs = map[string]string{
	"ObjectIdleTime": "ERR idle time is not tracked", // unless the store is made to
	"Save":           "ERR unknown command 'save'",   // there is no file
}

// TestCmdable wants a row of every method of redis.Cmdable, in redisRows or in newerRows.
func TestCmdable(t *testing.T) {
	rowsOf := map[string]bool{}
	for _, r := range redisRows {
		rowsOf[r.method()] = true
	}
	for _, n := range newerRows {
		rowsOf[n.row.method()] = true
	}
	typ := reflect.TypeFor[redis.Cmdable]()
	for m := range typ.Methods() {
		name := m.Name
		if !isAbsent(name) && !slices.Contains(notCalled, name) && !slices.Contains(scripting, name) && !rowsOf[name] {
			t.Errorf("no row of %s", name)
		}
	}
	for name := range rowsOf {
		_, ok := typ.MethodByName(name)
		require.True(t, ok, name)
	}
	// What is left out for a reason is there, and has no row.
	for _, name := range slices.Concat(notCalled, scripting) {
		_, ok := typ.MethodByName(name)
		require.True(t, ok, name)
		require.False(t, rowsOf[name], name)
	}
	for _, prefix := range absent {
		matches := false
		for m := range typ.Methods() {
			if strings.HasPrefix(m.Name, prefix) {
				matches = true
				require.False(t, rowsOf[m.Name], m.Name)
			}
		}
		require.True(t, matches, prefix)
	}
}

func isAbsent(method string) bool {
	return slices.ContainsFunc(absent, func(prefix string) bool { return strings.HasPrefix(method, prefix) })
}

func (r row) marks() (marks, name string) {
	name = strings.TrimLeft(r[0].(string), "~?!")
	return strings.TrimSuffix(r[0].(string), name), name
}

func (r row) method() string {
	_, name := r.marks()
	return name
}

// call calls the row's method of c.
func (r row) call(t *testing.T, c redis.Cmdable) redis.Cmder {
	t.Helper()
	m := reflect.ValueOf(c).MethodByName(r.method())
	in := []reflect.Value{reflect.ValueOf(context.Background())}
	for i, arg := range r[1:] {
		typ := m.Type().In(min(i+1, m.Type().NumIn()-1))
		if m.Type().IsVariadic() && i+1 >= m.Type().NumIn()-1 {
			typ = typ.Elem()
		}
		v := reflect.ValueOf(arg)
		switch {
		case arg == nil:
			v = reflect.Zero(typ)
		case v.Kind() == reflect.Pointer: // a copy: go-redis counts in a GeoRadiusQuery
			clone := reflect.New(v.Type().Elem())
			clone.Elem().Set(v.Elem())
			v = clone
		case !v.Type().AssignableTo(typ):
			require.True(t, v.CanConvert(typ), "%v: %v is no %v", r, arg, typ)
			v = v.Convert(typ)
		}
		in = append(in, v)
	}
	return m.Call(in)[0].Interface().(redis.Cmder)
}

// A called is what a row came to.
type called struct {
	values []any
	err    string
	digest string
}

func (o called) String() string {
	if o.err != "" {
		return "error " + o.err
	}
	return fmt.Sprintf("%+v", o.values)
}

// calledOf reads what a command that has run has brought.
func calledOf(cmd redis.Cmder) (o called) {
	if cmd.Err() != nil {
		o.err = cmd.Err().Error()
	}
	result := reflect.ValueOf(cmd).MethodByName("Result").Call(nil)
	for _, v := range result[:len(result)-1] {
		o.values = append(o.values, v.Interface())
	}
	return o
}

// only leaves what may be compared by the row's marks.
func (o called) only(marks string) called {
	if strings.Contains(marks, "!") {
		o.digest = ""
	}
	for i, v := range o.values {
		rv := reflect.ValueOf(v)
		switch {
		case strings.Contains(marks, "?") && rv.IsValid():
			o.values[i] = rv.IsZero()
		case strings.Contains(marks, "~") && rv.Kind() == reflect.Slice:
			slices.SortFunc(rv.Interface().([]string), strings.Compare)
		}
	}
	return o
}

// The states in which rows are called.
const (
	filled   = "filled"
	empty    = "empty"
	wrong    = "wrong types"
	inMulti  = "in a transaction"
	inPipe   = "in a pipeline"
	directly = "directly"
)

// fillState makes a state.
func fillState(t *testing.T, c *redis.Client, state string) {
	t.Helper()
	ctx := context.Background()
	_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.FlushAll(ctx)
		switch state {
		case filled:
			p.MSet(ctx, "s", "text", "n", "10", "fl", "1.5", "bits", "foobar", "other", "ohmytext")
			p.Set(ctx, "brief", "v", 1000*time.Hour)
			p.RPush(ctx, "l", "a", "b", "c", "b")
			p.RPush(ctx, "nums", 3, 1, 2)
			p.SAdd(ctx, "set", "a", "b", "c")
			p.SAdd(ctx, "set2", "b", "c", "d")
			p.SAdd(ctx, "one", "m")
			p.HSet(ctx, "h", "a", 1, "b", "two", "c", 2.5)
			p.HSet(ctx, "h1", "f", "v")
			p.ZAdd(ctx, "z", redis.Z{Score: 1, Member: "a"}, redis.Z{Score: 2, Member: "b"}, redis.Z{Score: 3.5, Member: "c"})
			p.ZAdd(ctx, "z2", redis.Z{Score: 10, Member: "b"}, redis.Z{Score: 20, Member: "c"}, redis.Z{Score: 30, Member: "d"})
			p.ZAdd(ctx, "lex", redis.Z{Member: "a"}, redis.Z{Member: "b"}, redis.Z{Member: "c"})
			p.GeoAdd(ctx, "geo", palermo, catania)
			p.PFAdd(ctx, "hll", "a", "b", "c")
			p.PFAdd(ctx, "hll2", "c", "d")
			for _, id := range []string{"1-1", "2-1", "3-1", "4-1"} {
				p.XAdd(ctx, &redis.XAddArgs{Stream: "st", ID: id, Values: []string{"f", "v" + id}})
			}
			p.XGroupCreate(ctx, "st", "g", "0")
			p.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: "c", Streams: []string{"st", ">"}, Count: 2, Block: -1})
		case wrong:
			for _, key := range strings.Fields("s n fl bits other brief") {
				p.RPush(ctx, key, "x")
			}
			for _, key := range strings.Fields("l nums set set2 one h h1 z z2 lex geo st hll hll2 dst") {
				p.Set(ctx, key, "string", 0)
			}
		}
		return nil
	})
	require.NoError(t, err)
}

var (
	palermo = &redis.GeoLocation{Name: "Palermo", Longitude: 13.361389, Latitude: 38.115556}
	catania = &redis.GeoLocation{Name: "Catania", Longitude: 15.087269, Latitude: 37.502669}
)

// run calls a row in a state and notes what it left.
func (r row) run(t *testing.T, c *redis.Client, state, how string) called {
	t.Helper()
	ctx := context.Background()
	fillState(t, c, state)
	var cmd redis.Cmder
	switch how {
	case directly:
		cmd = r.call(t, c)
	case inMulti:
		_, _ = c.TxPipelined(ctx, func(p redis.Pipeliner) error { cmd = r.call(t, p); return nil })
	case inPipe:
		_, _ = c.Pipelined(ctx, func(p redis.Pipeliner) error { cmd = r.call(t, p); return nil })
	}
	o := calledOf(cmd)
	o.digest = fmt.Sprint(c.Do(ctx, "DEBUG", "DIGEST").Val())
	return o
}

// waits says whether a row may wait where there is nothing.
func (r row) waits() bool {
	name := r.method()
	return strings.HasPrefix(name, "BL") || strings.HasPrefix(name, "BR") || strings.HasPrefix(name, "BZ") ||
		strings.HasPrefix(name, "XRead")
}

// TestGoRedisCommands calls every method of go-redis that a server 7.0.15 can answer: the
// same values, the same errors and the same databases afterwards, where there is what the
// row wants, where there is nothing, and where it is of another type.
func TestGoRedisCommands(t *testing.T) {
	for _, proto := range []int{2, 3} {
		t.Run(fmt.Sprintf("RESP%d", proto), func(t *testing.T) {
			inMemory(t, func(t *testing.T, ours side) {
				onRedis(t, func(t *testing.T, theirs side) {
					a, b := redis.NewClient(ours.goRedis(proto)), redis.NewClient(theirs.goRedis(proto))
					defer a.Close()
					defer b.Close()
					for _, r := range redisRows {
						r.compare(t, a, b)
					}
				})
			})
		})
	}
}

func (r row) compare(t *testing.T, ours, theirs *redis.Client) {
	t.Helper()
	marks, name := r.marks()
	calls := [][2]string{{filled, directly}, {empty, directly}}
	if ours.Options().Protocol == 3 {
		calls = [][2]string{{filled, directly}, {filled, inMulti}, {wrong, directly}}
	}
	if raceEnabled || testing.Short() {
		calls = calls[:1]
	}
	for _, in := range calls {
		state, how := in[0], in[1]
		if state != filled && r.waits() {
			how = inMulti // where nothing waits
		}
		want := r.run(t, theirs, state, how).only(marks)
		got := r.run(t, ours, state, how).only(marks)
		if text := differs[name]; text != "" && got.err != "" && strings.HasPrefix(got.err, text) {
			continue
		}
		if !assert.ObjectsAreEqual(want, got) {
			t.Errorf("%v, %s %s:\nwant %v\ngot  %v\ndigests equal: %v", r, state, how, want, got, want.digest == got.digest)
		}
	}
}

// TestGoRedisAbsent calls what neither side knows.
func TestGoRedisAbsent(t *testing.T) {
	inMemory(t, func(t *testing.T, ours side) {
		onRedis(t, func(t *testing.T, theirs side) {
			a, b := redis.NewClient(ours.goRedis(3)), redis.NewClient(theirs.goRedis(3))
			defer a.Close()
			defer b.Close()
			calls := 0
			for m := range reflect.TypeFor[redis.Cmdable]().Methods() {
				if !isAbsent(m.Name) || slices.Contains(notCalled, m.Name) {
					continue
				}
				r, ok := zeroRow(m)
				if !ok {
					continue
				}
				calls++
				err := r.call(t, a).Err()
				require.Equal(t, r.call(t, b).Err(), err, "%v", r)
				require.Error(t, err, "%v", r) // where go-redis lets through what the server says, it is unknown
				require.True(t, strings.Contains(err.Error(), "ERR unknown ") || strings.HasPrefix(err.Error(), "redis: "), "%v: %v", r, err)
			}
			require.Greater(t, calls, 100)
		})
	})
}

// zeroRow is a row with arguments that are zero, if that is something to send.
func zeroRow(m reflect.Method) (r row, ok bool) {
	r = row{m.Name}
	for in := range m.Type.Ins() {
		switch {
		case in == reflect.TypeFor[context.Context]():
		case m.Type.IsVariadic() && in == m.Type.In(m.Type.NumIn()-1):
		case in.Kind() == reflect.Pointer || in.Kind() == reflect.Interface || in.Kind() == reflect.Func:
			return nil, false
		default:
			r = append(r, reflect.Zero(in).Interface())
		}
	}
	return r, true
}

// TestGoRedisNewer calls the methods for commands later than 7.0.15, each with what its
// documentation says that it answers.
func TestGoRedisNewer(t *testing.T) {
	for _, proto := range []int{2, 3} {
		inBubble(t, func(t *testing.T, on side) {
			c := redis.NewClient(on.goRedis(proto))
			defer c.Close()
			for _, n := range newerRows {
				for _, how := range []string{directly, inPipe, inMulti} {
					marks, _ := n.row.marks()
					got := n.row.run(t, c, filled, how)
					assert.Equal(t, n.want, got.only(marks).String(), "RESP%d %v", proto, n.row)
				}
				_ = n.row.run(t, c, wrong, directly)
				_ = n.row.run(t, c, empty, inMulti)
			}
		})
	}
}
