package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// A check is what a section must print on an empty store, without its lines of
// explanation, and what the store must hold afterwards.
type check struct {
	prints []string
	leaves func(t *testing.T, s *store.Store)
}

// checks has a row for each section, by its title. Sections run in a bubble,
// where their waits take no time and all times are exact.
var checks = map[string]check{
	"Strings": {
		prints: []string{
			`s.String("greeting").Set("Hello, Redis!") OK`,
			`s.String("number").Set("100") OK`,
			`s.String("greeting").Get() "Hello, Redis!"`,
			`s.String("number").Get() "100"`,
			`s.String("nobody").Get() ErrNotFound`,
			`s.Keys("*") [greeting number]`,
			`s.Del("greeting") 1`,
			`s.Del("greeting") 0`,
			`s.Exists("greeting", "number") 1`,
			`s.String("owner").Set("alice") OK`,
			`s.String("owner").DelEx(store.IfEqual, "bob") false`,
			`s.String("owner").DelEx(store.IfEqual, "alice") true`,
			`s.String("token").SetEX("f00d", 100*time.Millisecond) OK`,
			`s.TTL("token") 100ms`,
			`s.String("token").Get() "f00d"`,
			`s.String("token").Get() ErrNotFound`,
		},
		leaves: func(t *testing.T, s *store.Store) {
			wantString(t, s.String("number"), "100")
			wantKeys(t, s.DB(0), "number")
			require.EqualValues(t, 1, s.Stats().Expired, "the token has expired and was not deleted")
		},
	},
	"Databases": {
		prints: []string{
			`s.DB(0).String("color").Set("red") OK`,
			`s.DB(15).String("color").Get() ErrNotFound`,
			`s.DB(15).String("color").Set("blue") OK`,
			`s.DB(15).String("color").Get() "blue"`,
			`s.DB(0).String("color").Get() "red"`,
			`s.String("color").Get() "red"`,
			`s.DB(15).DBSize() 1`,
		},
		leaves: func(t *testing.T, s *store.Store) {
			wantString(t, s.DB(0).String("color"), "red")
			wantString(t, s.DB(15).String("color"), "blue")
			wantKeys(t, s.DB(0), "color")
			wantKeys(t, s.DB(15), "color")
			require.Equal(t, 2, s.Stats().Keys, "the other databases are empty")
		},
	},
	"Transactions": {
		prints: []string{
			`tx.String("user:101:balance").Set("200") OK`,
			`tx.String("user:101:balance").IncrBy(100) 300`,
			`tx.String("user:101:balance").Get() "300"`,
			`s.String("user:101:balance").Get() "300"`,
			`tx.String("user:102:balance").IncrBy(500) 500`,
			`tx.String("user:101:balance").DecrBy(500) -200`,
			`s.Update(...) not enough`,
			`s.String("user:101:balance").Get() "300"`,
			`s.String("user:102:balance").Get() ErrNotFound`,
		},
		leaves: func(t *testing.T, s *store.Store) {
			wantString(t, s.String("user:101:balance"), "300")
			wantKeys(t, s.DB(0), "user:101:balance")
		},
	},
	"Cache-aside with a time to live": {
		prints: []string{
			`cached(s, "cache:report:2026", 60*time.Second, report) miss: "42 pages" in 2s`,
			`cached(s, "cache:report:2026", 60*time.Second, report) hit: "42 pages" in 0s`,
			`s.TTL("cache:report:2026") 1m0s`,
		},
		leaves: func(t *testing.T, s *store.Store) {
			wantString(t, s.String(reportKey), "42 pages")
			time.Sleep(60*time.Second - time.Nanosecond)
			wantString(t, s.String(reportKey), "42 pages")
			time.Sleep(time.Nanosecond)
			wantKeys(t, s.DB(0))
		},
	},
	"Hashes": {
		prints: []string{
			`s.Hash("user:1").Set("name", "Alice", {"age", "30"}) 2`,
			`s.Hash("user:2").Set("name", "Bob", {"age", "25"}) 2`,
			`s.Hash("user:1").Get("name") "Alice"`,
			`s.Hash("user:2").GetAll() map[age:25 name:Bob]`,
			`s.Hash("user:2").IncrBy("age", 1) 26`,
			`s.Hash("user:1").Del("age") 1`,
			`s.Hash("user:1").Get("age") ErrNotFound`,
		},
		leaves: func(t *testing.T, s *store.Store) {
			for key, want := range map[string]map[string]string{
				"user:1": {"name": "Alice"},
				"user:2": {"name": "Bob", "age": "26"},
			} {
				all, err := s.Hash(key).GetAll()
				require.NoError(t, err)
				require.Equal(t, want, all)
			}
			wantKeys(t, s.DB(0), "user:1", "user:2")
		},
	},
	"Lists": {
		prints: []string{
			`s.List("tasks").LPush("write", "read") 2`,
			`s.List("tasks").RPush("sleep", "dream") 4`,
			`s.List("tasks").Range(0, -1) [read write sleep dream]`,
			`s.List("tasks").LPop() "read"`,
			`s.List("tasks").RPop() "dream"`,
			`s.List("tasks").Range(0, -1) [write sleep]`,
			`s.List("done").RPush("breakfast") 1`,
			`s.List("tasks").Len() 2`,
			`s.List("nothing").Range(0, -1) []`,
			`s.List("nothing").LPop() ErrNotFound`,
			`s.List("tasks").LMoveM("done", store.Left, store.Right, store.MoveOptions{Count: 2}) [write sleep]`,
			`s.List("done").Range(0, -1) [breakfast write sleep]`,
		},
		leaves: func(t *testing.T, s *store.Store) {
			all, err := s.List("done").Range(0, -1)
			require.NoError(t, err)
			require.Equal(t, []string{"breakfast", "write", "sleep"}, all)
			wantKeys(t, s.DB(0), "done")
		},
	},
	"Sets": {
		prints: []string{
			`s.Set("tag:go").Add("page:1", "page:2", "page:3", "page:1") 3`,
			`s.Set("tag:database").Add("page:2", "page:3", "page:4") 3`,
			`s.Set("tag:cache").Add("page:3", "page:5") 2`,
			`s.Set("tag:go").Members() [page:1 page:2 page:3]`,
			`s.Set("tag:go").Inter("tag:database") [page:2 page:3]`,
			`s.Set("tag:go").Inter("tag:database", "tag:cache") [page:3]`,
			`s.Set("tag:go").Union("tag:cache") [page:1 page:2 page:3 page:5]`,
			`s.Set("tag:go").Diff("tag:database") [page:1]`,
			`s.Set("tag:go").UnionCard(0, "tag:database", "tag:cache") 5`,
		},
		leaves: func(t *testing.T, s *store.Store) {
			for key, want := range map[string][]string{
				"tag:go":       {"page:1", "page:2", "page:3"},
				"tag:database": {"page:2", "page:3", "page:4"},
				"tag:cache":    {"page:3", "page:5"},
			} {
				members, err := s.Set(key).Members()
				require.NoError(t, err)
				require.ElementsMatch(t, want, members)
			}
			wantKeys(t, s.DB(0), "tag:cache", "tag:database", "tag:go")
		},
	},
	"Sorted sets": {
		prints: []string{
			`s.ZSet("leaderboard").Add(Alice) 1`,
			`s.ZSet("leaderboard").Add(Bob) 1`,
			`s.ZSet("leaderboard").Add(Charlie) 1`,
			`s.ZSet("leaderboard").IncrBy(3, "Bob") 93`,
			`s.ZSet("leaderboard").RangeWithScores(store.ByRank(0, -1).Rev()) [{Alice 100} {Bob 93} {Charlie 80}]`,
			`s.ZSet("leaderboard").Range(store.ByScore(90, 100)) [Bob Alice]`,
			`s.ZSet("leaderboard").RevRank("Bob") 1`,
			`s.ZSet("leaderboard").Score("Charlie") 80`,
			`s.ZSet("leaderboard").Score("nobody") ErrNotFound`,
			`s.ZSet("yesterday").Add(Bob, Dora) 2`,
			`s.ZSet("leaderboard").UnionWith(count, "yesterday") [{Alice 1} {Charlie 1} {Dora 1} {Bob 2}]`,
		},
		leaves: func(t *testing.T, s *store.Store) {
			all, err := s.ZSet("leaderboard").RangeWithScores(store.ByRank(0, -1))
			require.NoError(t, err)
			require.Equal(t, []store.Scored{{Member: "Charlie", Score: 80}, {Member: "Bob", Score: 93}, {Member: "Alice", Score: 100}}, all)
			wantKeys(t, s.DB(0), "leaderboard", "yesterday")
		},
	},
	"Bitmaps": {
		prints: []string{
			`s.Bitmap("tuesday").SetBit(7, true) false`,
			`s.Bitmap("monday").GetBit(7) true`,
			`s.Bitmap("monday").GetBit(8) false`,
			`s.Bitmap("monday").Count() 3`,
			`s.Bitmap("monday").Count(store.ByBit(0, 999)) 2`,
			`s.Bitmap("monday").Pos(true, store.FromBit(8)) 1000000`,
			`s.Bitmap("both").Op(store.BitAnd, "monday", "tuesday") 125001`,
			`s.Bitmap("both").Count() 1`,
			`s.Bitmap("lost").Op(store.BitDiff, "monday", "tuesday") 125001`,
			`s.Bitmap("lost").Count() 2`,
			`s.Bitmap("player").Field(level.IncrBy(9)...) [{9 false}]`,
			`s.Bitmap("player").Field(level.IncrBy(9)...) [{15 false}]`,
		},
		leaves: func(t *testing.T, s *store.Store) {
			wantString(t, s.String("tuesday"), "\x01")
			wantString(t, s.String("player"), "\xf0")
			lost, err := s.Bitmap("lost").Pos(true, store.FromBit(4))
			require.NoError(t, err)
			require.EqualValues(t, 1_000_000, lost)
			wantKeys(t, s.DB(0), "both", "lost", "monday", "player", "tuesday")
		},
	},
	"HyperLogLogs": {
		prints: []string{
			`s.HLL("visitors:monday").Add("Alice", "Bob", "Carol") true`,
			`s.HLL("visitors:monday").Add("Bob") false`,
			`s.HLL("visitors:monday").Count() 3`,
			`s.HLL("visitors:tuesday").Add("Bob", "Dave") true`,
			`s.HLL("visitors:monday").Count("visitors:tuesday") 4`,
			`s.HLL("visitors:both").Merge("visitors:monday", ...) OK`,
			`s.HLL("visitors:both").Count() 4`,
			`s.HLL("visitors:year").Add(100,000 visitors) true`,
			`s.HLL("visitors:year").Count() 99740`,
			`s.String("visitors:year").StrLen() 12304`,
		},
		leaves: func(t *testing.T, s *store.Store) {
			for key, want := range map[string]int{"monday": 3, "tuesday": 2, "both": 4} {
				n, err := s.HLL("visitors:" + key).Count()
				require.NoError(t, err)
				require.Equal(t, want, n)
			}
			wantKeys(t, s.DB(0), "visitors:both", "visitors:monday", "visitors:tuesday", "visitors:year")
		},
	},
	"Places": {
		prints: []string{
			`s.Geo("Sicily").Add(Palermo) 1`,
			`s.Geo("Sicily").Add(Catania) 1`,
			`s.Geo("Sicily").Add(Agrigento) 1`,
			`s.Type("Sicily") zset`,
			`s.Geo("Sicily").Dist("Palermo", "Catania", km) 166.3`,
			`Search(ByRadius(FromMember("Agrigento"), 100, km).Asc()) [Agrigento 0.0 Palermo 91.0]`,
			`Search(ByBox(FromPoint(15, 37), 300, 300, km).Count(1)) [Catania 56.4]`,
			`Search(ByPolygon(west...).Asc()) [Palermo 33984.8 Agrigento 92122.7]`,
			`s.ZSet("Sicily").Rem("Palermo") 1`,
			`s.Geo("Sicily").Dist("Palermo", "Catania", km) ErrNotFound`,
		},
		leaves: func(t *testing.T, s *store.Store) {
			left, err := s.ZSet("Sicily").Range(store.ByRank(0, -1))
			require.NoError(t, err)
			require.Equal(t, []string{"Agrigento", "Catania"}, left)
			wantKeys(t, s.DB(0), "Sicily")
		},
	},
	"Streams": {
		prints: []string{
			`s.Stream("orders").Group("mailers").CreateWith(store.AtEnd, store.GroupOptions{MkStream: true}) OK`,
			`s.Stream("orders").AddWith(..., store.Pair{"item", "tea"}) 1-0`,
			`s.Stream("orders").AddWith(..., store.Pair{"item", "milk"}) 2-0`,
			`s.Stream("orders").AddWith(..., store.Pair{"item", "sugar"}) 3-0`,
			`group.Read("Alice", store.GroupReadOptions{Count: 2}) [tea milk]`,
			`group.Ack(1-0) 1`,
			`group.Read("Bob", store.GroupReadOptions{Claim: store.AnyIdle}) [milk sugar]`,
			`group.Pending() [{Bob 2}]`,
			`s.Stream("orders").Range(all.Rev().Count(1)) [{3-0 [{item sugar}]}]`,
		},
		leaves: func(t *testing.T, s *store.Store) {
			n, err := s.Stream("orders").Len()
			require.NoError(t, err)
			require.Equal(t, 3, n)
			wantKeys(t, s.DB(0), "orders")
		},
	},
	"Pub/sub, notifications and changes": {
		prints: []string{
			`s.Publish("news", "Good morning") 1`,
			`s.Publish("news", "Good night") 1`,
			`s.Subscribe("news").Handle(ctx, handler), handled [news: Good morning news: Good night]`,
			`s.SetNotifications(store.NotifyKeyevent | store.NotifyAll) OK`,
			`s.String("greeting").Set("hello") OK`,
			`s.Rename("greeting", "welcome") OK`,
			`s.PSubscribe("__keyevent@0__:*"), heard [__keyevent@0__:set: greeting __keyevent@0__:rename_from: greeting]`,
			`s.SetNotifications(0) OK`,
			`s.Update(...) OK`,
			`s.Changes(...).Receive(ctx) [SADD visitors written DEL welcome deleted]`,
			`s.Set("visitors").Add("Bob") OK`,
			`s.WaitFor(ctx, "visitors", two of them) OK`,
			`s.Del("visitors") 1`,
		},
		leaves: func(t *testing.T, s *store.Store) {
			wantKeys(t, s.DB(0))
			require.Zero(t, s.Notifications())
		},
	},
	"A job queue": {
		prints: []string{
			`s.List("jobs").RPush(job 1 ... job 3) OK`,
			`s.List("jobs").RPush(job 4 ... job 5) OK`,
			`s.List("jobs").RPush(job 6 ... job 8) OK`,
			`s.List("jobs").RPush("no more jobs") OK`,
			`the worker has handled [job 1 job 2 job 3 job 4 job 5 job 6 job 7 job 8]`,
			`s.List("jobs").Len() 0`,
			`s.List("jobs").BLPop(ctx), of 10 ms context deadline exceeded`,
		},
		leaves: func(t *testing.T, s *store.Store) { wantKeys(t, s.DB(0)) },
	},
	"Sessions": {
		prints: []string{
			`s.Hash("session:f00d").Set("user", "Alice", {"role", "admin"}) 2`,
			`s.Expire("session:f00d", 30*time.Minute) true`,
			`s.Hash("session:f00d").GetAll() map[role:admin user:Alice]`,
			`s.TTL("session:f00d") 30m0s`,
			`s.Del("session:f00d") 1`,
			`s.Hash("session:f00d").Get("user") ErrNotFound`,
		},
		leaves: func(t *testing.T, s *store.Store) { wantKeys(t, s.DB(0)) },
	},
}

func TestSections(t *testing.T) {
	require.Len(t, checks, len(sections))
	for _, sec := range sections {
		t.Run(sec.title, func(t *testing.T) {
			require.Contains(t, checks, sec.title)
			synctest.Test(t, func(t *testing.T) {
				s := store.New()
				defer s.Close()
				var out bytes.Buffer
				require.NoError(t, sec.run(&out, s))
				require.Equal(t, checks[sec.title].prints, steps(out.String()))
				checks[sec.title].leaves(t, s)
			})
		})
	}
}

// The sections get along with each other on one store, and each is in the tour.
func TestTour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		defer s.Close()
		var out bytes.Buffer
		require.NoError(t, tour(&out, s))
		var want []string
		for _, sec := range sections {
			require.Contains(t, out.String(), sec.title)
			want = append(want, checks[sec.title].prints...)
		}
		require.Equal(t, want, steps(out.String()))
	})
}

// What a section prints comes from the store: a closed one ends each of them.
func TestSectionsReportErrors(t *testing.T) {
	for _, sec := range sections {
		synctest.Test(t, func(t *testing.T) {
			closed := store.New()
			require.NoError(t, closed.Close())
			var out bytes.Buffer
			require.ErrorIs(t, sec.run(&out, closed), store.ErrClosed, sec.title)
			require.Empty(t, steps(out.String()), sec.title)

			s := store.New()
			defer s.Close()
			require.ErrorIs(t, sec.run(full{}, s), errFull, sec.title)
		})
	}
}

func TestArguments(t *testing.T) {
	var out bytes.Buffer
	for _, args := range [][]string{{"-nosuch"}, {"extra"}} {
		require.Error(t, run(args, &out, io.Discard), args)
	}
	require.NoError(t, run([]string{"-h"}, &out, io.Discard))
	require.Empty(t, out.String())
	require.ErrorIs(t, run(nil, full{}, io.Discard), errFull)
}

var errFull = errors.New("the disk is full")

// full is a writer that fails.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// steps returns the calls that a section printed, with single spaces.
func steps(out string) []string {
	var calls []string
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "  ") {
			calls = append(calls, strings.Join(strings.Fields(line), " "))
		}
	}
	return calls
}

func wantString(t *testing.T, h store.String, want string) {
	t.Helper()
	got, err := h.Get()
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func wantKeys(t *testing.T, db store.DB, want ...string) {
	t.Helper()
	got, err := db.Keys("*")
	require.NoError(t, err)
	require.ElementsMatch(t, want, got)
}
